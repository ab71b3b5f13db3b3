#!/bin/sh
# Collects what the trainer needs beside libtorch into one folder, to be carried to a machine that
# has only PyTorch and a compiler: header-only libraries, libjpeg's headers and its shared library.
#   tools/collect_headers.sh FOLDER
# then there: cmake --preset trainer -DCOCO_MCU_HEADERS=FOLDER
set -eu
[ $# = 1 ] || { echo "usage: tools/collect_headers.sh FOLDER" >&2; exit 2; }
folder=$1
system=/usr/include
# Debian keeps what differs between processors in a folder of that name.
machine=$(cc -print-multiarch 2>/dev/null || true)

fail() {
  echo "tools/collect_headers.sh: $1 is missing; install $2" >&2
  exit 1
}

mkdir -p "$folder/include" "$folder/lib"
while read -r headers package; do
  [ -d "$system/$headers" ] || fail "$system/$headers" "$package"
  rm -rf "${folder:?}/include/$headers"
  cp -R "$system/$headers" "$folder/include/"
done <<END
fmt libfmt-dev
nlohmann nlohmann-json3-dev
CLI libcli11-dev
protozero libprotozero-dev
toml++ libtomlplusplus-dev
END

for header in jpeglib.h jmorecfg.h jerror.h jconfig.h; do
  for place in "$system" "$system/$machine"; do
    [ ! -f "$place/$header" ] || cp "$place/$header" "$folder/include/"
  done
  [ -f "$folder/include/$header" ] || fail "$header" libjpeg62-turbo-dev
done
# The shared library: the trainer's own is one, and static ones are seldom made to go into it.
for place in "/usr/lib/$machine" /usr/lib64 /usr/lib; do
  [ ! -f "$place/libjpeg.so" ] || cp -L "$place/libjpeg.so" "$folder/lib/libjpeg.so.62"
done
if [ -f "$folder/lib/libjpeg.so.62" ]; then
  ln -sf libjpeg.so.62 "$folder/lib/libjpeg.so"
else
  echo "There is no libjpeg.so here: the other machine needs libjpeg-turbo of its own." >&2
fi
du -sh "$folder"
