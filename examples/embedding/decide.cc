// Decides on a picture in binary PPM format:  decide MODEL.cmcu PICTURE.ppm
#include <cstdio>
#include <fstream>
#include <vector>

#include <coco_mcu/coco_mcu.hpp>

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: decide MODEL.cmcu PICTURE.ppm");
  coco_mcu::Detector detector(argv[1]);

  std::ifstream file(argv[2], std::ios::binary);
  std::string magic;
  int width = 0, height = 0, maximum = 0;
  file >> magic >> width >> height >> maximum;
  if (magic != "P6" || width < 1 || height < 1) throw std::runtime_error("not a binary PPM");
  std::vector<char> rgb(std::size_t(3) * width * height);
  if (!file.ignore().read(rgb.data(), rgb.size())) throw std::runtime_error("picture too short");

  const auto* pixels = reinterpret_cast<const std::uint8_t*>(rgb.data());
  const coco_mcu::Decision decision = detector.decide(pixels, height, width);
  std::printf("%s %.4f\n", decision.is_positive ? "person" : "no person", decision.probability);
} catch (const std::exception& error) {
  std::fprintf(stderr, "decide: %s\n", error.what());
  return 1;
}
