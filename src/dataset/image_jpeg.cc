// JPEG by libjpeg-turbo. Its errors leave by longjmp: the functions that it may leave that way own
// nothing, and everything is released by whoever calls them.
//
// jpeglib.h needs FILE and size_t declared before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on
#include <algorithm>
#include <array>
#include <csetjmp>
#include <stdexcept>

#include <fmt/format.h>

#include "dataset/image_codecs.h"

namespace coco_mcu::dataset {
namespace {

// Encoders write about ten. Each costs a walk over all coefficients and as little as a few bytes
// of file, so that a small file could keep a reader busy for hours.
constexpr int kMaxScans = 100;

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMaxMarkerBytes = 65535;
constexpr std::array<std::uint8_t, 6> kExifHeader = {'E', 'x', 'i', 'f', 0, 0};

struct Failure {
  jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is one to the whole
  std::jmp_buf back;
  bool truncated;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr codec) {
  auto* failure = reinterpret_cast<Failure*>(codec->err);
  failure->truncated = codec->err->msg_code == JWRN_JPEG_EOF;
  codec->err->format_message(codec, failure->message);
  std::longjmp(failure->back, 1);  // NOLINT(cert-err52-cpp): the only way out of libjpeg
}

// Warnings that leave every pixel as it was meant. Extraneous bytes are harmless only at the very
// end, where some cameras pad the data; before another marker they are a sign of damage.
bool is_harmless(const jpeg_error_mgr& warning) {
  constexpr int kEndOfImage = 0xD9;
  switch (warning.msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_TOO_MUCH_DATA:
      return true;
    case JWRN_EXTRANEOUS_DATA:
      return warning.msg_parm.i[1] == kEndOfImage;
    default:
      return false;
  }
}

// libjpeg would go on after a warning and fill what is missing with grey.
void on_message(j_common_ptr codec, int level) {
  constexpr int kWarning = -1;
  if (level == kWarning && !is_harmless(*codec->err)) leave(codec);
}

void on_progress(j_common_ptr codec) {
  const auto* decoder = reinterpret_cast<jpeg_decompress_struct*>(codec);
  if (decoder->input_scan_number <= kMaxScans) return;
  auto* failure = reinterpret_cast<Failure*>(codec->err);
  *fmt::format_to_n(failure->message, JMSG_LENGTH_MAX - 1, "more than {} scans", kMaxScans).out = 0;
  std::longjmp(failure->back, 1);  // NOLINT(cert-err52-cpp): the only way out of libjpeg
}

class Decoder {
 public:
  Decoder() {
    codec_.err = jpeg_std_error(&failure_.manager);
    failure_.manager.error_exit = leave;
    failure_.manager.emit_message = on_message;
    progress_.progress_monitor = on_progress;
  }
  ~Decoder() { jpeg_destroy_decompress(&codec_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool read_header(std::span<const std::uint8_t> bytes);
  /// Chooses the scale of what follows, see decode_reduced_image.
  void reduce(int kept_side);
  /// `rgb` holds height * width * 3 bytes.
  bool read_pixels(std::uint8_t* rgb);

  int height() const { return scaled(codec_.image_height, codec_.scale_denom); }
  int width() const { return scaled(codec_.image_width, codec_.scale_denom); }
  std::vector<std::uint8_t> exif() const;
  std::runtime_error error(std::string_view name) const;

 private:
  bool is_four_colour() const {
    return codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
  }
  static int scaled(JDIMENSION pixels, unsigned divisor) {
    return static_cast<int>((pixels + divisor - 1) / divisor);
  }
  void read_four_colour_row(JSAMPARRAY row, std::uint8_t* rgb);

  jpeg_decompress_struct codec_{};
  Failure failure_{};
  jpeg_progress_mgr progress_{};
};

bool Decoder::read_header(std::span<const std::uint8_t> bytes) {
  if (setjmp(failure_.back) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_create_decompress(&codec_);
  codec_.progress = &progress_;
  jpeg_mem_src(&codec_, bytes.data(), bytes.size());
  jpeg_save_markers(&codec_, kExifMarker, kMaxMarkerBytes);
  jpeg_read_header(&codec_, TRUE);
  return true;
}

void Decoder::reduce(int kept_side) {
  const JDIMENSION shorter = std::min(codec_.image_height, codec_.image_width);
  codec_.scale_num = 1;
  codec_.scale_denom = 1;
  while (codec_.scale_denom < 8 && scaled(shorter, codec_.scale_denom * 2) >= kept_side) {
    codec_.scale_denom *= 2;
  }
}

bool Decoder::read_pixels(std::uint8_t* rgb) {
  if (setjmp(failure_.back) != 0) return false;  // NOLINT(cert-err52-cpp)
  codec_.out_color_space = is_four_colour() ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&codec_);
  const std::size_t row_bytes = std::size_t{3} * codec_.output_width;
  JSAMPARRAY four_colour_row = codec_.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&codec_),
                                                        JPOOL_IMAGE, codec_.output_width * 4, 1);
  while (codec_.output_scanline < codec_.output_height) {
    std::uint8_t* row = rgb + codec_.output_scanline * row_bytes;
    if (is_four_colour()) {
      read_four_colour_row(four_colour_row, row);
    } else {
      jpeg_read_scanlines(&codec_, &row, 1);
    }
  }
  jpeg_finish_decompress(&codec_);
  return true;
}

// Inks on white paper: light is what neither the colour nor the black takes away. Files with an
// Adobe marker store the light that an ink leaves, the others the ink.
void Decoder::read_four_colour_row(JSAMPARRAY row, std::uint8_t* rgb) {
  jpeg_read_scanlines(&codec_, row, 1);
  const int inverted = codec_.saw_Adobe_marker != 0 ? 0 : 255;
  for (const std::uint8_t* inks = row[0]; inks < row[0] + codec_.output_width * 4; inks += 4) {
    for (int colour = 0; colour < 3; ++colour) {
      *rgb++ =
          static_cast<std::uint8_t>(((inks[colour] ^ inverted) * (inks[3] ^ inverted) + 127) / 255);
    }
  }
}

std::vector<std::uint8_t> Decoder::exif() const {
  for (const jpeg_marker_struct* marker = codec_.marker_list; marker != nullptr;
       marker = marker->next) {
    const std::span<const std::uint8_t> data(marker->data, marker->data_length);
    if (marker->marker == kExifMarker && data.size() > kExifHeader.size() &&
        std::equal(kExifHeader.begin(), kExifHeader.end(), data.begin())) {
      return {data.begin() + kExifHeader.size(), data.end()};
    }
  }
  return {};
}

std::runtime_error Decoder::error(std::string_view name) const {
  if (failure_.truncated) {
    return std::runtime_error(
        fmt::format("{}: the JPEG file is truncated: it ends before its picture does; fetch it "
                    "again or leave it out",
                    name));
  }
  return std::runtime_error(
      fmt::format("{}: the JPEG file is damaged or of a kind that cannot be read ({}); fetch it "
                  "again, convert it or leave it out",
                  name, failure_.message));
}

}  // namespace

StoredPicture decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name, int kept_side,
                          const ImageLimits& limits) {
  Decoder decoder;
  if (!decoder.read_header(bytes)) throw decoder.error(name);
  check_size(decoder.height(), decoder.width(), name, limits);
  decoder.reduce(kept_side);
  StoredPicture stored{{decoder.height(), decoder.width(), {}}, decoder.exif()};
  stored.image.rgb.resize(std::size_t{3} * decoder.height() * decoder.width());
  if (!decoder.read_pixels(stored.image.rgb.data())) throw decoder.error(name);
  return stored;
}

}  // namespace coco_mcu::dataset
