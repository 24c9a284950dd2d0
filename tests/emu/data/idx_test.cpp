#include "emu/data/idx.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/synthetic_images.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

namespace quatrain::emu {
namespace {

using tests::big_endian;
using tests::idx_bytes;
using tests::message_of;

class Idx : public testing::Test {
 protected:
  void write(const std::string& bytes) const { base::write_whole_file(file_, bytes); }
  void write_gzip(const std::string& bytes) const {
    gzFile file = ::gzopen(file_.c_str(), "wb");
    ASSERT_EQ(::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
              static_cast<int>(bytes.size()));
    ASSERT_EQ(::gzclose(file), Z_OK);
  }
  std::string complaint(unsigned dimensions) const {
    const std::string message = message_of([&] { read_idx(file_, dimensions); });
    const std::string front = file_.string() + ": ";
    EXPECT_TRUE(message.starts_with(front)) << message;
    return message.substr(std::min(front.size(), message.size()));
  }

  tests::Folder folder_;
  std::filesystem::path file_ = folder_ / "images";
};

const std::string six_bytes("\x00\x01\x02\xfd\xfe\xff", 6);

TEST_F(Idx, PlainAndGzipReadTheSame) {
  for (const bool is_gzip : {false, true}) {
    if (is_gzip) {
      write_gzip(idx_bytes({1, 2, 3}, six_bytes));
    } else {
      write(idx_bytes({1, 2, 3}, six_bytes));
    }
    const IdxFile idx = read_idx(file_, 3);
    EXPECT_EQ(idx.sizes, (std::vector<std::uint32_t>{1, 2, 3}));
    EXPECT_EQ(idx.bytes, (std::vector<std::uint8_t>{0, 1, 2, 253, 254, 255}));
  }
}

TEST_F(Idx, LargeFileIsReadInPieces) {  // of 16 MiB
  std::string bytes(40'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 24);
  write(idx_bytes({40, 1000, 1000}, bytes));
  const IdxFile idx = read_idx(file_, 3);
  ASSERT_EQ(idx.bytes.size(), bytes.size());
  EXPECT_EQ(std::memcmp(idx.bytes.data(), bytes.data(), bytes.size()), 0);
}

TEST_F(Idx, AbsentFile) { EXPECT_EQ(complaint(3), "cannot be opened: No such file or directory"); }

TEST_F(Idx, EmptyFile) {
  write("");
  EXPECT_EQ(complaint(3), "byte 0: the file ends here; expected 16 bytes");
}

TEST_F(Idx, EndsInsideTheHeader) {
  write(idx_bytes({1, 2, 3}, "").substr(0, 10));
  EXPECT_EQ(complaint(3), "byte 10: the file ends here; expected 16 bytes");
}

TEST_F(Idx, EndsInsideTheData) {
  write(idx_bytes({1, 2, 3}, six_bytes.substr(0, 4)));
  EXPECT_EQ(complaint(3), "byte 20: the file ends here; expected 22 bytes");
}

TEST_F(Idx, HasMoreThanItsSizesSay) {
  write(idx_bytes({1, 2, 3}, six_bytes + "x"));
  EXPECT_EQ(complaint(3), "byte 22: more data; expected the end of the file");
}

TEST_F(Idx, WrongMagic) {
  write(idx_bytes({6}, six_bytes));
  EXPECT_EQ(complaint(3), "byte 0: magic number 00000801; expected 00000803, unsigned bytes in 3 dimensions");
  write(idx_bytes({1, 2, 3}, six_bytes));
  EXPECT_EQ(complaint(1), "byte 0: magic number 00000803; expected 00000801, unsigned bytes in 1 dimension");
  write(big_endian(0x0D03) + idx_bytes({1, 2, 3}, six_bytes).substr(4));
  EXPECT_EQ(complaint(3), "byte 0: magic number 00000d03; expected 00000803, unsigned bytes in 3 dimensions");
}

TEST_F(Idx, SizeZero) {
  write(idx_bytes({1, 0, 3}, ""));
  EXPECT_EQ(complaint(3), "byte 8: size 0; expected at least 1, and at most 2^31 bytes in all");
}

TEST_F(Idx, HugeSizesAskForNoMemory) {
  write(idx_bytes({0xffffffff, 28, 28}, ""));
  EXPECT_EQ(complaint(3), "byte 4: size 4294967295; expected at least 1, and at most 2^31 bytes in all");
  write(idx_bytes({0x10000, 0x8000, 2}, ""));
  EXPECT_EQ(complaint(3), "byte 12: size 2; expected at least 1, and at most 2^31 bytes in all");
  write(idx_bytes({0x10000, 0x8000, 1}, ""));
  EXPECT_EQ(complaint(3), "byte 16: the file ends here; expected 2147483664 bytes");
}

TEST_F(Idx, GzipCutShort) {
  write_gzip(idx_bytes({40, 50, 50}, std::string(100'000, 'x')));
  const std::string whole = base::read_whole_file(file_);
  write(whole.substr(0, whole.size() - 4));  // inside the length at its end
  EXPECT_EQ(complaint(3), "byte 100016: the compressed data end here");
}

TEST_F(Idx, GzipDamaged) {
  write_gzip(idx_bytes({1, 2, 3}, six_bytes));
  std::string bytes = base::read_whole_file(file_);
  bytes[bytes.size() - 8] = static_cast<char>(bytes[bytes.size() - 8] ^ 1);  // its checksum
  write(bytes);
  EXPECT_EQ(complaint(3), "byte 0: the compressed data are damaged: incorrect data check");
}

TEST_F(Idx, FolderInsteadOfFile) {
  std::filesystem::create_directories(file_);
  EXPECT_EQ(complaint(3), "byte 0: the compressed data are damaged: Is a directory");
}

}  // namespace
}  // namespace quatrain::emu
