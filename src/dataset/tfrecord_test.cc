#include "dataset/tfrecord.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Bytes = std::vector<std::uint8_t>;

class TfRecord : public ::testing::Test {
 protected:
  std::filesystem::path write(const Bytes& bytes) const {
    std::filesystem::path path = folder_.path() / "a.tfrecord";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  std::string complaint_about(const Bytes& bytes) const {
    const std::filesystem::path path = write(bytes);
    return testing::complaint([&] {
      const TfRecordFile file(path);
      for (std::size_t i = 0; i < file.records().size(); ++i) file.read(i);
    });
  }

  testing::TemporaryFolder folder_;
};

Bytes join(const std::vector<Bytes>& records) {
  Bytes all;
  for (const Bytes& record : records) {
    const Bytes framed = frame_record(record);
    all.insert(all.end(), framed.begin(), framed.end());
  }
  return all;
}

TEST_F(TfRecord, ChecksumsAreThoseOfRfc3720) {
  EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);
  EXPECT_EQ(masked_crc32c(Bytes{}), 0xa282ead8U);
}

// What TensorFlow 2's TFRecordWriter writes for the record "abc", byte by byte: the length's
// checksum does not depend on the bytes.
TEST_F(TfRecord, FramesLengthAndBytesWithTheirChecksums) {
  const Bytes record = frame_record(Bytes{'a', 'b', 'c'});
  ASSERT_THAT(record, SizeIs(8 + 4 + 3 + 4));
  EXPECT_EQ(Bytes(record.begin(), record.begin() + 8), (Bytes{3, 0, 0, 0, 0, 0, 0, 0}));
  const auto stored = [&](std::size_t at) {
    return record[at] | record[at + 1] << 8 | record[at + 2] << 16 |
           static_cast<std::uint32_t>(record[at + 3]) << 24;
  };
  EXPECT_EQ(stored(8), masked_crc32c(Bytes{3, 0, 0, 0, 0, 0, 0, 0}));
  // CRC-32C of "abc" is 364b3fb7 (RFC 3720's polynomial); masked by hand.
  EXPECT_EQ(crc32c(Bytes{'a', 'b', 'c'}), 0x364b3fb7U);
  EXPECT_EQ(stored(15), (0x364b3fb7U >> 15 | 0x364b3fb7U << 17) + 0xa282ead8U);
}

TEST_F(TfRecord, ReadsBackWhatWasWritten) {
  const std::vector<Bytes> records = {{1, 2, 3}, {}, Bytes(70'000, 7)};
  const TfRecordFile file(write(join(records)));
  ASSERT_THAT(file.records(), SizeIs(3));
  EXPECT_EQ(file.records()[1].length, 0U);
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(file.read(i), records[i]);
}

TEST_F(TfRecord, CanBeMoved) {
  TfRecordFile first(write(join({{1, 2, 3}})));
  const TfRecordFile second(std::move(first));
  EXPECT_EQ(second.read(0), (Bytes{1, 2, 3}));
}

TEST_F(TfRecord, AnEmptyFileHasNoRecords) {
  EXPECT_THAT(TfRecordFile(write({})).records(), IsEmpty());
}

TEST_F(TfRecord, EveryCutIsFound) {
  const Bytes whole = join({{1, 2, 3}, {4, 5}});
  const std::size_t first = frame_record(Bytes{1, 2, 3}).size();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const std::string text =
        complaint_about({whole.begin(), whole.begin() + static_cast<long>(size)});
    if (size == first) {
      EXPECT_EQ(text, "");
    } else {
      EXPECT_THAT(text,
                  AllOf(HasSubstr("a.tfrecord, record "), HasSubstr("cut off"), HasSubstr("again")))
          << size;
    }
  }
}

TEST_F(TfRecord, EveryFlippedBitIsFound) {
  const Bytes whole = join({{1, 2, 3}, {4, 5}});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
    EXPECT_THAT(complaint_about(damaged), HasSubstr("record ")) << bit;
  }
}

TEST_F(TfRecord, NamesRecordAndRemedyOfDamagedBytes) {
  Bytes whole = join({{1, 2, 3}, {4, 5}});
  whole[whole.size() - 5] ^= 1;
  EXPECT_THAT(complaint_about(whole),
              AllOf(HasSubstr("a.tfrecord, record 1: damaged"), HasSubstr("build the file again")));
}

TEST_F(TfRecord, OtherFilesAreNone) {
  EXPECT_THAT(complaint_about(Bytes(100, 'x')), HasSubstr("no TFRecord file"));
  EXPECT_THAT(testing::complaint([&] { TfRecordFile(folder_.path() / "absent"); }),
              HasSubstr("absent: cannot be read"));
  EXPECT_THAT(testing::complaint([&] { TfRecordFile(folder_.path()); }),
              HasSubstr("it is not a file"));
}

TEST_F(TfRecord, AHugeLengthIsNotBelieved) {
  Bytes bytes = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const std::uint32_t checksum = masked_crc32c(bytes);
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(checksum >> 8 * i));
  bytes.resize(100);
  EXPECT_THAT(complaint_about(bytes), HasSubstr("cut off"));
}

}  // namespace
}  // namespace coco_mcu::dataset
