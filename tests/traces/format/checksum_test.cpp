#include "traces/format/checksum.hpp"

#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace {

using namespace quatrain::traces;

std::span<const std::uint8_t> text(std::string_view characters) { return bytes_of(std::span(characters)); }

/// Published: the check value of CRC-32C, and the vectors of RFC 3720 (iSCSI), appendix B.4.
TEST(Crc32c, PublishedVectors) {
  const std::vector<std::uint8_t> zeros(32, 0), ones(32, 0xff);
  std::vector<std::uint8_t> up(32), down(32);
  std::iota(up.begin(), up.end(), std::uint8_t{0});
  std::copy(up.rbegin(), up.rend(), down.begin());
  for (const auto& crc : {crc32c, crc32c_by_table}) {
    EXPECT_EQ(crc(text("123456789"), 0), 0xe3069283U);
    EXPECT_EQ(crc(text(""), 0), 0U);
    EXPECT_EQ(crc(zeros, 0), 0x8a9136aaU);
    EXPECT_EQ(crc(ones, 0), 0x62a8ab43U);
    EXPECT_EQ(crc(up, 0), 0x46dd794eU);
    EXPECT_EQ(crc(down, 0), 0x113fdb5cU);
  }
}

TEST(Crc32c, EveryLengthAndCutAgrees) {
  std::vector<std::uint8_t> bytes(67);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i + 3);
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    for (std::size_t cut = 0; cut <= size; ++cut) {
      const std::span<const std::uint8_t> all(bytes.data(), size);
      ASSERT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c_by_table(all));
    }
}

/// FIPS 180-4 examples.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, FileInPiecesEqualsBytesAtOnce) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "quatrain_sha256_of_file";
  const std::string bytes(700'001, 'q');
  quatrain::base::write_whole_file(file, bytes);
  EXPECT_EQ(sha256_of_file(file), sha256_hex(bytes));
  std::filesystem::remove(file);
  EXPECT_EQ(quatrain::tests::message_of([&] { sha256_of_file(file); }),
            file.string() + ": cannot be read: No such file or directory");
}

}  // namespace
