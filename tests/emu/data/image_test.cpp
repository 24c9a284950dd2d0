#include "emu/data/image.hpp"

#include "tests/emu/data/written_images.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace quatrain::emu {
namespace {

using Bytes = std::vector<std::uint8_t>;
using tests::message_of;

Image grey(std::int64_t height, std::int64_t width, Bytes bytes) {
  return {{1, height, width}, std::move(bytes)};
}

TEST(Resized, ExamplesOfTheText) {  // docs/training-step.md section 4
  EXPECT_EQ(resized(grey(1, 5, {0, 10, 40, 90, 255}), 1, 3).bytes, (Bytes{4, 44, 184}));
  EXPECT_EQ(resized(grey(1, 3, {0, 100, 255}), 1, 5).bytes, (Bytes{0, 40, 100, 193, 255}));
  const Image both = resized(grey(2, 3, {0, 100, 255, 10, 20, 30}), 3, 2);
  EXPECT_EQ(both.size, (ImageSize{1, 3, 2}));
  EXPECT_EQ(both.bytes, (Bytes{38, 197, 26, 112, 14, 26}));
}

/// The formula of the text, sample by sample.
std::uint8_t by_the_text(const Bytes& row, std::int64_t to, std::int64_t j) {
  const auto from = static_cast<std::int64_t>(row.size());
  const std::int64_t r = 2 * std::max(from, to);
  std::int64_t sum = 0, weights = 0;
  for (std::int64_t i = 0; i < from; ++i) {
    const std::int64_t w = std::max<std::int64_t>(0, r - std::abs(2 * to * i + to - (2 * j + 1) * from));
    sum += w * row[static_cast<std::size_t>(i)];
    weights += w;
  }
  return static_cast<std::uint8_t>((2 * sum + weights) / (2 * weights));
}

TEST(Resized, EverySizeToEverySize) {
  for (std::int64_t from = 1; from <= 24; ++from)
    for (std::int64_t to = 1; to <= 24; ++to) {
      Bytes row;
      for (std::int64_t i = 0; i < from; ++i) row.push_back(static_cast<std::uint8_t>(i * 77 % 256));
      const Image across = resized(grey(1, from, row), 1, to), down = resized(grey(from, 1, row), to, 1);
      for (std::int64_t j = 0; j < to; ++j) {
        EXPECT_EQ(across.bytes[static_cast<std::size_t>(j)], by_the_text(row, to, j)) << from << " to " << to;
        EXPECT_EQ(down.bytes[static_cast<std::size_t>(j)], by_the_text(row, to, j)) << from << " to " << to;
      }
    }
}

TEST(Resized, ChannelsStayApart) {
  const Image image{{3, 2, 2}, {0, 0, 0, 0, 100, 100, 100, 100, 255, 255, 255, 255}};
  EXPECT_EQ(resized(image, 1, 1).bytes, (Bytes{0, 100, 255}));
}

TEST(SizeWithShorterSide, RoundsTheLongerSideDown) {
  EXPECT_EQ(size_with_shorter_side({3, 300, 500}, 256), (ImageSize{3, 256, 426}));
  EXPECT_EQ(size_with_shorter_side({3, 500, 300}, 256), (ImageSize{3, 426, 256}));
  EXPECT_EQ(size_with_shorter_side({1, 7, 7}, 32), (ImageSize{1, 32, 32}));
}

TEST(WithChannels, ExamplesOfTheText) {
  const Image colour{{3, 1, 4}, {10, 255, 0, 0, 200, 0, 255, 0, 30, 0, 0, 255}};
  EXPECT_EQ(with_channels(colour, 1).bytes, (Bytes{124, 77, 149, 29}));
  EXPECT_EQ(with_channels(grey(1, 2, {7, 9}), 3).bytes, (Bytes{7, 9, 7, 9, 7, 9}));
  EXPECT_EQ(with_channels(colour, 3).bytes, colour.bytes);
}

TEST(Png, EveryKindOfPixel) {
  const Image colour{{3, 2, 3}, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26}};
  for (const bool is_interlaced : {false, true}) {
    const Image read = decode_png(tests::png_bytes(colour, {.is_interlaced = is_interlaced}), "x.png");
    EXPECT_EQ(read.size, colour.size);
    EXPECT_EQ(read.bytes, colour.bytes);
  }
  EXPECT_EQ(decode_png(tests::png_bytes(colour, {.has_alpha = true}), "x.png").bytes, colour.bytes);
  EXPECT_EQ(decode_png(tests::png_bytes(colour, {.bits = 16}), "x.png").bytes, colour.bytes);
  const Image four = grey(1, 5, {0, 17, 34, 238, 255});
  EXPECT_EQ(decode_png(tests::png_bytes(four, {.bits = 4}), "x.png").bytes, four.bytes);
  const Image two = grey(1, 4, {0, 85, 170, 255});
  EXPECT_EQ(decode_png(tests::png_bytes(two, {.bits = 2}), "x.png").bytes, two.bytes);
  const Image palette = decode_png(tests::palette_png_bytes(3, {{9, 8, 7}, {255, 0, 1}}, {0, 1, 0}), "x.png");
  EXPECT_EQ(palette.size, (ImageSize{3, 1, 3}));
  EXPECT_EQ(palette.bytes, (Bytes{9, 255, 9, 8, 0, 8, 7, 1, 7}));
}

TEST(Png, WhatIsDamagedIsRefused) {
  const std::string whole = tests::png_bytes(grey(8, 8, Bytes(64, 5)), {});
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_TRUE(message_of([&] {
                  decode_png(whole.substr(0, length), "a/x.png");
                }).starts_with("a/x.png: is no whole PNG image: "))
        << length;
  std::string damaged = whole;
  damaged[damaged.size() - 20] = static_cast<char>(damaged[damaged.size() - 20] ^ 1);
  EXPECT_TRUE(message_of([&] {
                decode_png(damaged, "a/x.png");
              }).starts_with("a/x.png: is no whole PNG image: IDAT: "));
  std::string large = whole;  // a width and height of 30,000, and the CRC of that header
  large.replace(16, 17, std::string_view("\0\0\x75\x30\0\0\x75\x30\x08\0\0\0\0CRCC", 17));
  const std::uint32_t crc =
      static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const unsigned char*>(large.data()) + 12, 17));
  for (int i = 0; i < 4; ++i)
    large[29 + static_cast<std::size_t>(i)] = static_cast<char>(crc >> (24 - 8 * i));
  EXPECT_EQ(message_of([&] { decode_png(large, "a/x.png"); }),
            "a/x.png: is no whole PNG image: it has more than 2^28 values");
  EXPECT_EQ(message_of([&] { decode_png("GIF89a", "a/x.png"); }),
            "a/x.png: is no whole PNG image: the file ends too early");
}

TEST(Jpeg, FlatColoursAreExact) {
  const Image flat = grey(9, 11, Bytes(99, 128));
  const Image read = decode_jpeg(tests::jpeg_bytes(flat, 95), "x.jpg");
  EXPECT_EQ(read.size, flat.size);
  EXPECT_EQ(read.bytes, flat.bytes);
}

TEST(Jpeg, ColoursComeBackNearly) {
  Image colour{{3, 16, 16}, {}};
  for (int channel = 0; channel < 3; ++channel)
    for (int i = 0; i < 256; ++i)
      colour.bytes.push_back(static_cast<std::uint8_t>(channel * 60 + i / 16 * 4));
  const Image read = decode_jpeg(tests::jpeg_bytes(colour, 100), "x.jpg");
  ASSERT_EQ(read.size, colour.size);
  for (std::size_t i = 0; i < read.bytes.size(); ++i) EXPECT_NEAR(read.bytes[i], colour.bytes[i], 6) << i;
}

TEST(Jpeg, WhatIsDamagedIsRefused) {
  Bytes noise;
  for (unsigned i = 0; i < 32 * 32; ++i) noise.push_back(static_cast<std::uint8_t>(i * 2654435761U >> 24));
  const std::string whole = tests::jpeg_bytes(grey(32, 32, noise), 90);
  for (std::size_t length = 0; length < whole.size() - 2; length += 7)
    EXPECT_TRUE(message_of([&] {
                  decode_jpeg(whole.substr(0, length), "a/x.jpg");
                }).starts_with("a/x.jpg: is no whole JPEG image: "))
        << length;
  EXPECT_EQ(message_of([&] { decode_jpeg("GIF89a", "a/x.jpg"); }),
            "a/x.jpg: is no whole JPEG image: Not a JPEG file: starts with 0x47 0x49");
}

}  // namespace
}  // namespace quatrain::emu
