// PNG by libpng. Its errors leave by longjmp: the functions that it may leave that way own nothing,
// and everything is released by whoever calls them.
#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <new>
#include <stdexcept>

#include <fmt/format.h>
#include <png.h>

#include "dataset/image_codecs.h"

namespace coco_mcu::dataset {
namespace {

constexpr char kTruncated[] = "truncated";

struct State {
  std::span<const std::uint8_t> unread;
  bool truncated = false;
  char message[256] = {};
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<State*>(png_get_error_ptr(png));
  std::strncpy(state->message, message, sizeof(state->message) - 1);
  png_longjmp(png, 1);
}

// Warnings are about what stands beside the pixels, such as text and colour profiles.
void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void read_bytes(png_structp png, png_bytep target, std::size_t size) {
  auto* state = static_cast<State*>(png_get_io_ptr(png));
  if (size > state->unread.size()) {
    state->truncated = true;
    png_error(png, kTruncated);
  }
  std::copy_n(state->unread.begin(), size, target);
  state->unread = state->unread.subspan(size);
}

class Decoder {
 public:
  explicit Decoder(std::span<const std::uint8_t> bytes);
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool read_header();
  /// `pixels` holds height * width * channels bytes.
  bool read_pixels(std::uint8_t* pixels);

  int height() const { return static_cast<int>(png_get_image_height(png_, info_)); }
  int width() const { return static_cast<int>(png_get_image_width(png_, info_)); }
  /// 3, or 4 where pixels may be transparent: the last one is then their opacity.
  int channels() const;
  std::vector<std::uint8_t> exif() const;
  std::runtime_error error(std::string_view name) const;

 private:
  void ask_for_bytes();

  State state_;
  png_structp png_;
  png_infop info_ = nullptr;
};

Decoder::Decoder(std::span<const std::uint8_t> bytes)
    : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning)) {
  if (png_ != nullptr) info_ = png_create_info_struct(png_);
  if (info_ == nullptr) {
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw std::bad_alloc();
  }
  state_.unread = bytes;
  png_set_read_fn(png_, &state_, read_bytes);
  // check_size decides, with a message that names the limits.
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
}

bool Decoder::read_header() {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT(cert-err52-cpp)
  png_read_info(png_, info_);
  return true;
}

int Decoder::channels() const {
  const bool has_alpha = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 ||
                         png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
  return has_alpha ? 4 : 3;
}

// Every kind of PNG as 8-bit RGB or RGBA, its values as they are stored: gamma and colour profiles
// are left aside, as the usual readers of training pictures do.
void Decoder::ask_for_bytes() {
  png_set_expand(png_);
  png_set_scale_16(png_);
  png_set_gray_to_rgb(png_);
}

bool Decoder::read_pixels(std::uint8_t* pixels) {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT(cert-err52-cpp)
  const std::size_t row_bytes = std::size_t{1} * width() * channels();
  ask_for_bytes();
  const int passes = png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
  if (png_get_rowbytes(png_, info_) != row_bytes) png_error(png_, "it cannot be made RGB");
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < height(); ++y) png_read_row(png_, pixels + y * row_bytes, nullptr);
  }
  png_read_end(png_, info_);
  return true;
}

std::vector<std::uint8_t> Decoder::exif() const {
  png_uint_32 size = 0;
  png_bytep block = nullptr;
  if (png_get_eXIf_1(png_, info_, &size, &block) == 0) return {};
  return {block, block + size};
}

std::runtime_error Decoder::error(std::string_view name) const {
  if (state_.truncated) {
    return std::runtime_error(
        fmt::format("{}: the PNG file is truncated: it ends before its picture does; fetch it "
                    "again or leave it out",
                    name));
  }
  return std::runtime_error(fmt::format(
      "{}: the PNG file is damaged ({}); fetch it again or leave it out", name, state_.message));
}

// Transparent pixels are shown on white: their own colour is arbitrary, and white is the page that
// cut-out pictures are made for and seen on. RGBA becomes RGB in place.
void show_on_white(std::vector<std::uint8_t>& pixels) {
  auto target = pixels.begin();
  for (auto source = pixels.cbegin(); source != pixels.cend(); source += 4) {
    const int opacity = source[3];
    for (int channel = 0; channel < 3; ++channel) {
      const int light = source[channel] * opacity + 255 * (255 - opacity);
      *target++ = static_cast<std::uint8_t>((light + 127) / 255);
    }
  }
  pixels.erase(target, pixels.end());
}

}  // namespace

StoredPicture decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                         const ImageLimits& limits) {
  Decoder decoder(bytes);
  if (!decoder.read_header()) throw decoder.error(name);
  check_size(decoder.height(), decoder.width(), name, limits);
  StoredPicture stored{{decoder.height(), decoder.width(), {}}, {}};
  std::vector<std::uint8_t>& pixels = stored.image.rgb;
  pixels.resize(std::size_t{1} * decoder.height() * decoder.width() * decoder.channels());
  if (!decoder.read_pixels(pixels.data())) throw decoder.error(name);
  if (decoder.channels() == 4) show_on_white(pixels);
  stored.exif = decoder.exif();
  return stored;
}

}  // namespace coco_mcu::dataset
