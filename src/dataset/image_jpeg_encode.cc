// jpeglib.h needs FILE and size_t declared before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <csetjmp>
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

#include "dataset/image.h"

namespace coco_mcu::dataset {
namespace {

struct Failure {
  jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is one to the whole
  std::jmp_buf back;
};

[[noreturn]] void leave(j_common_ptr codec) {
  auto* failure = reinterpret_cast<Failure*>(codec->err);
  std::longjmp(failure->back, 1);  // NOLINT(cert-err52-cpp): the only way out of libjpeg
}

/// Like the decoder, it owns what libjpeg allocates while a function may be left by longjmp.
class Encoder {
 public:
  Encoder() {
    codec_.err = jpeg_std_error(&failure_.manager);
    failure_.manager.error_exit = leave;
  }
  ~Encoder() {
    jpeg_destroy_compress(&codec_);
    std::free(file_);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg allocates it so
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  bool write(const Image& image, int quality);
  std::vector<std::uint8_t> bytes() const { return {file_, file_ + size_}; }

 private:
  jpeg_compress_struct codec_{};
  Failure failure_{};
  unsigned char* file_ = nullptr;
  unsigned long size_ = 0;
};

bool Encoder::write(const Image& image, int quality) {
  if (setjmp(failure_.back) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_create_compress(&codec_);
  jpeg_mem_dest(&codec_, &file_, &size_);
  codec_.image_height = static_cast<JDIMENSION>(image.height);
  codec_.image_width = static_cast<JDIMENSION>(image.width);
  codec_.input_components = 3;
  codec_.in_color_space = JCS_RGB;
  jpeg_set_defaults(&codec_);
  jpeg_set_quality(&codec_, quality, TRUE);
  jpeg_start_compress(&codec_, TRUE);
  const std::size_t row_bytes = std::size_t{3} * codec_.image_width;
  while (codec_.next_scanline < codec_.image_height) {
    // libjpeg reads the row only; its interface has no const.
    auto* row = const_cast<JSAMPROW>(image.rgb.data() + codec_.next_scanline * row_bytes);
    jpeg_write_scanlines(&codec_, &row, 1);
  }
  jpeg_finish_compress(&codec_);
  return true;
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  if (image.height <= 0 || image.width <= 0 || quality < 1 || quality > 100) {
    throw std::invalid_argument(
        fmt::format("a JPEG of {}x{} pixels and quality {}: it has pixels "
                    "and a quality from 1 to 100",
                    image.width, image.height, quality));
  }
  Encoder encoder;
  if (!encoder.write(image, quality)) {
    throw std::runtime_error(
        fmt::format("a JPEG of {}x{} pixels cannot be written: too large, or "
                    "there is no memory left",
                    image.width, image.height));
  }
  return encoder.bytes();
}

}  // namespace coco_mcu::dataset
