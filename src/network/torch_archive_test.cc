// That weights.pt has the layout that torch.load opens, that what torch.save writes is read, and
// that everything else is refused with a reason.
#include "network/torch_archive.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/torch_archive_pickle.h"
#include "network/torch_archive_zip.h"
#include "tests/support/complaint.h"

namespace coco_mcu::network {
namespace {

using testing::complaint;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Bytes = std::vector<std::uint8_t>;

Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

Tensors small_tensors() {
  return {{"conv.weight", {{1, 2, 1, 2}, {1.0F, -2.0F, 1e-30F, 4.0F}}},
          {"empty", {{0, 3}, {}}},
          {"name with \"quotes\",\n lines and \xc3\xa9", {{2}, {5.0F, 6.0F}}},
          {"quantizer.min", {{}, {-0.5F}}}};
}

TEST(TorchArchive, ReturnsWhatWasWritten) {
  EXPECT_EQ(read_torch_archive(write_torch_archive(small_tensors()), "w"), small_tensors());
  EXPECT_EQ(read_torch_archive(write_torch_archive({}), "w"), Tensors{});
}

TEST(TorchArchive, HasTheEntriesThatTorchLooksFor) {
  const Bytes archive = write_torch_archive({{"b", {{2}, {1.0F, 2.0F}}}, {"a", {{}, {3.0F}}}});
  const std::vector<ZipEntry> entries = read_zip(archive, "w");
  std::vector<std::string> names;
  for (const ZipEntry& entry : entries) {
    names.push_back(entry.name);
    EXPECT_EQ((entry.data.data() - archive.data()) % 64, 0) << entry.name;
  }
  EXPECT_THAT(names, ElementsAre("weights/data.pkl", "weights/data/0", "weights/data/1",
                                 "weights/version"));
  EXPECT_THAT(entries[1].data, ElementsAre(0x00, 0x00, 0x40, 0x40));  // a: 3.0F, little-endian
  EXPECT_EQ(entries[2].data.size(), 8U);
  EXPECT_THAT(entries[3].data, ElementsAre('3', '\n'));
}

TEST(TorchArchive, HasThePickleThatTorchRuns) {
  using std::string_view_literals::operator""sv;
  // PROTO 2, EMPTY_DICT, MARK, name, call of _rebuild_tensor_v2(storage, 0, (1, 2), (2, 1), False,
  // OrderedDict()), SETITEMS, STOP; J is BININT, X BINUNICODE, q BINPUT.
  constexpr auto kExpected =
      "\x80\x02}(X\x01\0\0\0a"
      "ctorch._utils\n_rebuild_tensor_v2\nq\0"
      "((X\x07\0\0\0storagectorch\nFloatStorage\nq\x01X\x01\0\0\0"
      "0X\x03\0\0\0cpuJ\x02\0\0\0tQ"
      "J\0\0\0\0(J\x01\0\0\0J\x02\0\0\0t(J\x02\0\0\0J\x01\0\0\0t"
      "\x89"
      "ccollections\nOrderedDict\nq\x02)RtRu."sv;
  const Bytes archive = write_torch_archive({{"a", {{1, 2}, {1.0F, 2.0F}}}});
  const std::vector<ZipEntry> entries = read_zip(archive, "w");
  EXPECT_EQ(std::string(entries[0].data.begin(), entries[0].data.end()), kExpected);
}

/// The file that torch.save makes of {"weight": [[1, 2]], "bias": [3]}: an OrderedDict with its
/// _metadata, every value remembered, short forms of integers and tuples.
Bytes saved_by_python() {
  using std::string_view_literals::operator""sv;
  ZipWriter zip;
  zip.add("model/data.pkl",
          bytes("\x80\x02"
                "ccollections\nOrderedDict\nq\0)Rq\x01(X\x06\0\0\0weightq\x02"
                "ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\0\0\0storageq\x04"
                "ctorch\nFloatStorage\nq\x05X\x01\0\0\0"
                "0q\x06X\x03\0\0\0cpuq\x07K\x02tq\x08QK\0K\x01K\x02\x86q\tK\x02K\x01\x86q\n\x89h\0"
                ")Rq\x0btq\x0cRq\rX\x04\0\0\0biasq\x0eh\x03((h\x04h\x05X\x01\0\0\0"
                "1q\x0fh\x07K\x01tq\x10QK\0K\x01\x85q\x11K\x01\x85q\x12\x89h\0)Rq\x13tq\x14Rq\x15u}"
                "q\x16X\x09\0\0\0_metadataq\x17h\0)Rq\x18X\0\0\0\0q\x19}q\x1aX\x07\0\0\0version"
                "q\x1bK\x01sssb."sv));
  zip.add("model/data/0", bytes("\0\0\x80\x3f\0\0\0\x40"sv));
  zip.add("model/data/1", bytes("\0\0\x40\x40"sv));
  zip.add("model/version", bytes("3\n"));
  zip.add("model/byteorder", bytes("little"));
  return zip.finish();
}

TEST(TorchArchive, ReadsWhatPythonSaves) {
  EXPECT_THAT(
      read_torch_archive(saved_by_python(), "model.pt"),
      ElementsAre(Pair("bias", Tensor{{1}, {3.0F}}), Pair("weight", Tensor{{1, 2}, {1.0F, 2.0F}})));
}

TEST(TorchArchive, NoticesEveryFlippedBitThatMatters) {
  const Bytes original = write_torch_archive(small_tensors());
  const Tensors expected = small_tensors();
  for (std::size_t at = 0; at < original.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      Bytes damaged = original;
      damaged[at] ^= static_cast<std::uint8_t>(1 << bit);
      // Padding, times and attributes may change; tensors may not.
      complaint([&] { EXPECT_EQ(read_torch_archive(damaged, "w"), expected) << at; });
    }
  }
}

TEST(TorchArchive, RefusesEveryTruncation) {
  const Bytes original = write_torch_archive(small_tensors());
  for (std::size_t size = 0; size < original.size(); ++size) {
    const std::span<const std::uint8_t> part(original.data(), size);
    EXPECT_THROW(read_torch_archive(part, "w"), std::runtime_error) << size;
  }
}

TEST(TorchArchive, NamesADamagedEntry) {
  Bytes archive = write_torch_archive(small_tensors());
  const std::vector<ZipEntry> entries = read_zip(archive, "w");
  archive[static_cast<std::size_t>(entries[1].data.data() - archive.data())] ^= 1;
  EXPECT_THAT(complaint([&] { read_torch_archive(archive, "weights.pt"); }),
              HasSubstr("weights.pt: entry weights/data/0 is damaged"));
}

TEST(TorchArchive, RefusesForeignFiles) {
  EXPECT_THAT(complaint([] { read_torch_archive(bytes("II*"), "photo.tif"); }),
              HasSubstr("photo.tif: not a PyTorch file"));
  ZipWriter zip;
  zip.add("readme.txt", bytes("hello"));
  EXPECT_THAT(complaint([&] { read_torch_archive(zip.finish(), "a.zip"); }),
              HasSubstr("without data.pkl"));
}

TEST(TorchArchive, RefusesCompressedEntries) {
  Bytes archive = write_torch_archive(small_tensors());
  constexpr std::uint8_t kDirectory[] = {'P', 'K', 1, 2};
  const auto directory =
      std::search(archive.begin(), archive.end(), std::begin(kDirectory), std::end(kDirectory));
  ASSERT_NE(directory, archive.end());
  directory[10] = 8;  // method: deflate
  EXPECT_THAT(complaint([&] { read_torch_archive(archive, "w"); }),
              HasSubstr("entry weights/data.pkl is compressed"));
}

TEST(TorchArchive, RefusesEqualNames) {
  ZipWriter zip;
  zip.add("w/data.pkl", bytes("1"));
  zip.add("w/data.pkl", bytes("2"));
  EXPECT_THAT(complaint([&] { read_zip(zip.finish(), "w"); }), HasSubstr("two entries w/data.pkl"));
}

TEST(TorchArchive, RefusesBigEndian) {
  ZipWriter zip;
  zip.add("w/data.pkl", write_state_dict({}));
  zip.add("w/byteorder", bytes("big"));
  EXPECT_THAT(complaint([&] { read_torch_archive(zip.finish(), "w"); }), HasSubstr("big-endian"));
}

TEST(TorchArchive, RefusesValuesThatDoNotFillTheShape) {
  EXPECT_EQ(complaint([] {
              write_torch_archive({{"a", {{2, 2}, {1.0F}}}});
            }),
            "tensor a: 1 values do not fill the shape [2, 2]");
}

/// What is wrong with an archive of one storage and these tensors.
std::string complaint_about(const std::vector<TensorRecord>& records,
                            std::size_t storage_elements = 4) {
  ZipWriter zip;
  zip.add("w/data.pkl", write_state_dict(records));
  zip.add("w/data/0", Bytes(storage_elements * sizeof(float)));
  const Bytes archive = zip.finish();
  return complaint([&] { read_torch_archive(archive, "w.pt"); });
}

TEST(TorchArchive, RefusesTensorsThatDoNotFitTheirStorage) {
  EXPECT_EQ(complaint_about({{"a", "0", 4, 0, {2, 2}, {2, 1}}}), "");
  EXPECT_EQ(complaint_about({{"a", "0", 4, 0, {1, 4}, {99, 1}}}), "");  // a stride without use
  EXPECT_EQ(complaint_about({{"a", "0", 4, 0, {2}, {1}}, {"b", "0", 4, 2, {2}, {1}}}), "");
  EXPECT_THAT(complaint_about({{"a", "0", 4, 1, {2, 2}, {2, 1}}}),
              HasSubstr("w.pt: tensor a of shape [2, 2] exceeds its storage of 4"));
  EXPECT_THAT(complaint_about({{"a", "0", 4, -1, {2}, {1}}}), HasSubstr("exceeds its storage"));
  EXPECT_THAT(complaint_about({{"a", "0", 5, 0, {2}, {1}}}), HasSubstr("storage of 5 numbers"));
  EXPECT_THAT(complaint_about({{"a", "7", 4, 0, {2}, {1}}}), HasSubstr("lost its numbers"));
  EXPECT_THAT(complaint_about({{"a", "0", 4, 0, {2, 2}, {1, 2}}}), HasSubstr("not contiguous"));
  EXPECT_THAT(complaint_about({{"a", "0", 4, 0, {-2, -2}, {2, 1}}}),
              HasSubstr("impossible shape [-2, -2]"));
  EXPECT_THAT(complaint_about({{"a", "0", 4, 0, {1, 1}, {1}}}),
              HasSubstr("2 dimensions but 1 strides"));
  EXPECT_THAT(complaint_about({{"a", "0", 4, 0, {4}, {1}}, {"a", "0", 4, 0, {4}, {1}}}),
              HasSubstr("has tensor a twice"));
}

TEST(TorchArchive, RefusesToUnfoldOneStorageIntoManyTensors) {
  const std::vector<TensorRecord> shared = {{"a", "0", 4000, 0, {4000}, {1}},
                                            {"b", "0", 4000, 0, {4000}, {1}}};
  EXPECT_THAT(complaint_about(shared, 4000), HasSubstr("tensor b shares its numbers with others"));
}

std::string complaint_about_pickle(std::string_view text) {
  return complaint([&] { read_state_dict(bytes(text), "w.pt"); });
}

TEST(TorchPickle, RefusesOtherGlobalsByName) {
  using std::string_view_literals::operator""sv;
  EXPECT_THAT(complaint_about_pickle("\x80\x02"
                                     "cposix\nsystem\n."),
              HasSubstr("w.pt: needs posix.system, which is never run here"));
  EXPECT_THAT(complaint_about_pickle("\x80\x02}(X\x05\0\0\0scale"
                                     "ctorch._utils\n_rebuild_parameter\n."sv),
              HasSubstr("w.pt: tensor scale needs torch._utils._rebuild_parameter"));
}

TEST(TorchPickle, RefusesOtherTypesByTensorAndType) {
  using std::string_view_literals::operator""sv;
  EXPECT_THAT(complaint_about_pickle("\x80\x02}(X\x05\0\0\0stepsctorch._utils\n_rebuild_tensor_v2\n"
                                     "((X\x07\0\0\0storagectorch\nLongStorage\nX\x01\0\0\0"
                                     "0X\x03\0\0\0cpuK\x01tQ"sv),
              HasSubstr("w.pt: tensor steps is a torch.LongStorage; only float32 is read"));
}

TEST(TorchPickle, RefusesOtherContents) {
  using std::string_view_literals::operator""sv;
  EXPECT_THAT(complaint_about_pickle("\x80\x02}X\x05\0\0\0epochK\x03s."sv),
              HasSubstr("w.pt: entry epoch is an integer, not a tensor"));
  EXPECT_THAT(complaint_about_pickle("\x80\x02}K\x01K\x02s."sv),
              HasSubstr("holds an integer where a state dict has a string"));
  EXPECT_THAT(complaint_about_pickle("\x80\x04}."), HasSubstr("not of protocol 2"));
  EXPECT_THAT(complaint_about_pickle("\x80\x02]."), HasSubstr("opcode 0x5d"));
  EXPECT_THAT(complaint_about_pickle("\x80\x02N."),
              HasSubstr("None where a state dict has a dict"));
}

TEST(TorchPickle, RefusesDamage) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view pickle :
       {"\x80\x02"sv, "\x80\x02."sv, "\x80\x02}}."sv, "\x80\x02}.."sv, "\x80\x02(}."sv,
        "\x80\x02t."sv, "\x80\x02}u."sv, "\x80\x02}(Nu."sv, "\x80\x02s."sv, "\x80\x02Ns."sv,
        "\x80\x02}(s."sv, "\x80\x02h\x01."sv, "\x80\x02R."sv, "\x80\x02(N\x85\x86."sv,
        "\x80\x02X\xff\xff\xff\xff"sv,
        "\x80\x02"
        "cposix"sv,
        "\x80\x02\x8a\x09"
        "123456789."sv}) {
    EXPECT_THAT(complaint_about_pickle(pickle), HasSubstr("w.pt: ")) << pickle;
  }
}

}  // namespace
}  // namespace coco_mcu::network
