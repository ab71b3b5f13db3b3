// Checkpoints that the test writes itself, right and wrong in every way.
#include "exchange/tf_checkpoint.h"

#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bundle_writer.h"
#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::exchange {
namespace {

namespace fs = std::filesystem;
using coco_mcu::testing::complaint;
using network::Tensor;
using testing::BundleWriter;
using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Two shards, two tensors, a single number of another type.
BundleWriter some_bundle() {
  BundleWriter writer(2);
  writer.add("layer/kernel", {1, 2, 1, 2}, {1.0F, 2.0F, 3.0F, 4.0F}, 0);
  writer.add("layer/gamma", {2}, {5.0F, 6.0F}, 1);
  writer.add("step", {}, {0.0F}, 1);
  writer.entries["step"].set_dtype(proto::DT_INT32);
  writer.add("empty", {0, 3}, {}, 1);
  return writer;
}

std::string complaint_about(const BundleWriter& writer, const char* variable = "layer/kernel") {
  return complaint([&] { writer.finish().read(variable); });
}

TEST(TfCheckpoint, ListsEveryVariableAndReadsFloats) {
  const TfCheckpoint checkpoint = some_bundle().finish();
  std::vector<std::string> names;
  for (const TfEntry& entry : checkpoint.entries()) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("empty", "layer/gamma", "layer/kernel", "step"));
  EXPECT_EQ(checkpoint.entries()[1].dtype, "DT_FLOAT");
  EXPECT_EQ(checkpoint.entries()[3].dtype, "DT_INT32");
  EXPECT_EQ(checkpoint.read("layer/kernel"), (Tensor{{1, 2, 1, 2}, {1.0F, 2.0F, 3.0F, 4.0F}}));
  EXPECT_EQ(checkpoint.read("layer/gamma"), (Tensor{{2}, {5.0F, 6.0F}}));
  EXPECT_EQ(checkpoint.read("empty"), (Tensor{{0, 3}, {}}));
}

TEST(TfCheckpoint, RefusesByNameWhatItDoesNotRead) {
  EXPECT_EQ(complaint_about(some_bundle(), "step"),
            "test.ckpt: variable step is DT_INT32; only DT_FLOAT is read");
  EXPECT_THAT(complaint_about(some_bundle(), "layer"),
              HasSubstr("variable layer is not in the checkpoint"));
  EXPECT_THAT(complaint_about(some_bundle(), "zzz"), HasSubstr("is not in the checkpoint"));
  BundleWriter writer = some_bundle();
  writer.entries["step"].set_dtype(static_cast<proto::DataType>(99));
  EXPECT_THAT(complaint_about(writer, "step"), HasSubstr("is data type 99; only DT_FLOAT"));
}

TEST(TfCheckpoint, RefusesPartitionedVariables) {
  BundleWriter writer = some_bundle();
  writer.entries["layer/kernel"].add_slices();
  writer.add(std::string("\0layer/kernel", 13), {2}, {1.0F, 2.0F});  // a slice of it
  EXPECT_EQ(writer.finish().entries().size(), 4U);
  EXPECT_THAT(complaint_about(writer),
              HasSubstr("stored in slices; save it without a partitioner"));
}

TEST(TfCheckpoint, RefusesHeadersOfOtherFormats) {
  BundleWriter big = some_bundle();
  big.header.set_endianness(proto::BundleHeaderProto::BIG);
  EXPECT_THAT(complaint_about(big), HasSubstr("test.ckpt.index: written on a big-endian machine"));
  BundleWriter newer = some_bundle();
  newer.header.mutable_version()->set_min_consumer(2);
  EXPECT_THAT(complaint_about(newer), HasSubstr("needs a reader of format 2, this one reads 1"));
  BundleWriter none = some_bundle();
  none.header.set_num_shards(0);
  EXPECT_THAT(complaint_about(none), HasSubstr("promises 0 data files"));
  BundleWriter many = some_bundle();
  many.header.set_num_shards(3);
  EXPECT_THAT(complaint_about(many), HasSubstr("2 data files for an index that promises 3"));

  const std::vector<TableEntry> headless = {{"a", ""}};
  EXPECT_THAT(complaint([&] { TfCheckpoint::from_bytes("t", testing::table_of(headless), {}); }),
              HasSubstr("t.index: a sorted table, but not of a TensorFlow checkpoint"));
  EXPECT_THAT(complaint([] { TfCheckpoint::from_bytes("t", testing::table_of({}), {}); }),
              HasSubstr("holds no entries"));
}

TEST(TfCheckpoint, RefusesEntriesThatCannotBe) {
  BundleWriter shape = some_bundle();
  shape.entries["layer/kernel"].mutable_shape()->mutable_dim(0)->set_size(-1);
  EXPECT_THAT(complaint_about(shape), HasSubstr("layer/kernel has no definite shape"));
  BundleWriter rank = some_bundle();
  rank.entries["layer/kernel"].mutable_shape()->set_unknown_rank(true);
  EXPECT_THAT(complaint_about(rank), HasSubstr("has no definite shape"));
  for (const int shard : {-1, 2, 1'000'000}) {
    BundleWriter writer = some_bundle();
    writer.entries["layer/kernel"].set_shard_id(shard);
    EXPECT_THAT(complaint_about(writer), HasSubstr("layer/kernel lies in data file"));
  }
  BundleWriter offset = some_bundle();
  offset.entries["layer/kernel"].set_offset(-4);
  EXPECT_THAT(complaint_about(offset), HasSubstr("lies in data file 0 of 2 at -4"));
  const std::vector<TableEntry> table = {{"", offset.header.SerializeAsString()}, {"a", "\x08"}};
  EXPECT_THAT(complaint([&] { TfCheckpoint::from_bytes("t", testing::table_of(table), {}); }),
              HasSubstr("the entry of variable a is damaged"));
}

TEST(TfCheckpoint, RefusesShapesThatDoNotFitTheBytes) {
  BundleWriter writer = some_bundle();
  writer.entries["layer/kernel"].mutable_shape()->mutable_dim(0)->set_size(7);
  EXPECT_THAT(complaint_about(writer), HasSubstr("of shape [7, 2, 1, 2] has 16 bytes"));
}

TEST(TfCheckpoint, RefusesShardsThatAreCutShort) {
  const BundleWriter writer = some_bundle();
  std::vector<TfShard> shards = writer.shards();
  shards[0].bytes.pop_back();
  const auto checkpoint = TfCheckpoint::from_bytes("t", writer.index(), shards);
  EXPECT_THAT(complaint([&] { checkpoint.read("layer/kernel"); }),
              HasSubstr("layer/kernel lies beyond the end of data-0, which is cut short"));
  EXPECT_EQ(complaint([&] { checkpoint.read("layer/gamma"); }), "");
  BundleWriter far = some_bundle();
  far.entries["layer/kernel"].set_offset(std::numeric_limits<std::int64_t>::max());
  EXPECT_THAT(complaint_about(far), HasSubstr("lies beyond the end"));
}

TEST(TfCheckpoint, NoticesEveryFlippedBitOfATensor) {
  const BundleWriter writer = some_bundle();
  for (std::size_t bit = 0; bit < 8 * 16; ++bit) {
    std::vector<TfShard> shards = writer.shards();
    shards[0].bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const auto checkpoint = TfCheckpoint::from_bytes("t", writer.index(), shards);
    EXPECT_THAT(complaint([&] { checkpoint.read("layer/kernel"); }),
                HasSubstr("layer/kernel is damaged (wrong checksum) in data-0"));
  }
}

/// The bundle as files in a folder of the test's own.
class TfCheckpointFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const BundleWriter writer = some_bundle();
    write("m.ckpt.index", writer.index());
    write("m.ckpt.data-00000-of-00002", writer.shards()[0].bytes);
    write("m.ckpt.data-00001-of-00002", writer.shards()[1].bytes);
  }

  void write(const char* name, const Bytes& bytes) const {
    write(name, std::string(bytes.begin(), bytes.end()));
  }
  void write(const char* name, const std::string& bytes) const {
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }

  coco_mcu::testing::TemporaryFolder temporary_;
  const fs::path root_ = temporary_.path();
};

TEST_F(TfCheckpointFiles, OpensByPrefixIndexOrFolder) {
  for (const fs::path& path : {root_ / "m.ckpt", root_ / "m.ckpt.index", root_}) {
    const TfCheckpoint checkpoint = TfCheckpoint::open(path);
    EXPECT_EQ(checkpoint.name(), "m.ckpt");
    EXPECT_EQ(checkpoint.read("layer/gamma").values, (std::vector<float>{5.0F, 6.0F}));
    EXPECT_EQ(checkpoint.shards()[1].file_name, "m.ckpt.data-00001-of-00002");
  }
}

TEST_F(TfCheckpointFiles, FollowsTheStateFileOfAFolder) {
  write("other.index", "a second one");
  EXPECT_THAT(complaint([&] { TfCheckpoint::open(root_); }), HasSubstr("holds 2 TensorFlow"));
  for (const char* prefix : {"m.ckpt", "/trained/elsewhere/m.ckpt"}) {
    write("checkpoint", std::string("model_checkpoint_path: \"") + prefix +
                            "\"\nall_model_checkpoint_paths: \"other\"\n");
    EXPECT_EQ(TfCheckpoint::open(root_).name(), "m.ckpt");
  }
  write("checkpoint", "something else");
  EXPECT_THAT(complaint([&] { TfCheckpoint::open(root_); }), HasSubstr("no state file"));
}

TEST_F(TfCheckpointFiles, NamesTheFileThatIsMissing) {
  EXPECT_THAT(complaint([&] { TfCheckpoint::open(root_ / "x"); }), HasSubstr("x.index; give"));
  fs::remove(root_ / "m.ckpt.data-00001-of-00002");
  EXPECT_THAT(complaint([&] { TfCheckpoint::open(root_ / "m.ckpt"); }),
              HasSubstr("m.ckpt.data-00001-of-00002: missing, and tensors lie in it; copy all 2"));
  fs::create_directories(root_ / "none");
  EXPECT_THAT(complaint([&] { TfCheckpoint::open(root_ / "none"); }), HasSubstr("holds 0"));
}

}  // namespace
}  // namespace coco_mcu::exchange
