#include "tests/support/encoded_pictures.h"

#include <csetjmp>
#include <cstdlib>
#include <initializer_list>

namespace coco_mcu::testing {
namespace {

void append(png_structp png, png_bytep bytes, std::size_t size) {
  auto* file = static_cast<Bytes*>(png_get_io_ptr(png));
  file->insert(file->end(), bytes, bytes + size);
}

void write_chunks(png_structp png, png_infop info, const PngRecipe& recipe) {
  png_set_IHDR(png, info, recipe.width, recipe.height, recipe.bit_depth, recipe.colour_type,
               recipe.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!recipe.palette.empty()) {
    png_set_PLTE(png, info, recipe.palette.data(), static_cast<int>(recipe.palette.size()));
  }
  if (!recipe.palette_alpha.empty() || recipe.key != nullptr) {
    png_set_tRNS(png, info, recipe.palette_alpha.data(),
                 static_cast<int>(recipe.palette_alpha.size()), recipe.key);
  }
  if (!recipe.exif.empty()) {
    Bytes exif = recipe.exif;
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
  }
  png_write_info(png, info);
}

}  // namespace

Bytes encode_jpeg(const JpegRecipe& recipe) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);  // prints its message and ends the program
  jpeg_create_compress(&codec);
  unsigned char* file = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &file, &size);
  codec.image_height = recipe.height;
  codec.image_width = recipe.width;
  codec.in_color_space = recipe.given_as;
  codec.input_components =
      recipe.given_as == JCS_GRAYSCALE ? 1 : (recipe.given_as == JCS_CMYK ? 4 : 3);
  jpeg_set_defaults(&codec);
  jpeg_set_colorspace(&codec, recipe.stored_as);
  codec.write_Adobe_marker = recipe.adobe_marker ? TRUE : FALSE;
  jpeg_set_quality(&codec, 100, TRUE);
  for (int i = 0; i < codec.num_components; ++i) {
    codec.comp_info[i].h_samp_factor = codec.comp_info[i].v_samp_factor = 1;
  }
  if (recipe.progressive) jpeg_simple_progression(&codec);
  if (!recipe.scans.empty()) {
    codec.scan_info = recipe.scans.data();
    codec.num_scans = static_cast<int>(recipe.scans.size());
  }
  jpeg_start_compress(&codec, TRUE);
  if (!recipe.exif.empty()) {
    Bytes block = {'E', 'x', 'i', 'f', 0, 0};
    block.insert(block.end(), recipe.exif.begin(), recipe.exif.end());
    jpeg_write_marker(&codec, JPEG_APP0 + 1, block.data(), static_cast<unsigned>(block.size()));
  }
  Bytes samples = recipe.samples;
  const std::size_t row_bytes = std::size_t{codec.image_width} * codec.input_components;
  while (codec.next_scanline < codec.image_height) {
    JSAMPROW row = samples.data() + codec.next_scanline * row_bytes;
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  Bytes bytes(file, file + size);
  std::free(file);
  return bytes;
}

Bytes encode_png(const PngRecipe& recipe) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  Bytes file;
  png_set_write_fn(png, &file, append, nullptr);
  write_chunks(png, info, recipe);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < recipe.height; ++y) png_write_row(png, &recipe.rows.at(y * row_bytes));
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

Bytes exif_with_orientation(int orientation, bool big_endian) {
  const auto value = static_cast<std::uint8_t>(orientation);
  // Byte order, 42, offset of the first directory; one entry: orientation, SHORT, one value.
  if (big_endian) {
    return {'M', 'M', 0, 42, 0, 0, 0,     8, 0, 1, 1, 0x12, 0,
            3,   0,   0, 0,  1, 0, value, 0, 0, 0, 0, 0,    0};
  }
  return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0};
}

Bytes one_colour(int height, int width, std::initializer_list<std::uint8_t> samples) {
  Bytes pixels;
  for (int i = 0; i < height * width; ++i) pixels.insert(pixels.end(), samples);
  return pixels;
}

}  // namespace coco_mcu::testing
