/// libsystemc calls it from its own `main`, which no program of ours uses: the kernel is driven through
/// sc_start. It stands in a library of its own behind libsystemc on every link line; some linkers want it
/// there even when nothing of ours refers to it.
extern "C" int sc_main(int, char**) { return 0; }
