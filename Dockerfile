# docker build -t quatrain . && docker run --rm -it -v "$PWD/runs:/quatrain/runs" quatrain
FROM debian:bookworm-slim
WORKDIR /quatrain
COPY . .
RUN ./build.sh quatrain && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["./run.sh"]
CMD ["demo"]
