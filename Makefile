# The front door. Every target first installs the Debian packages it needs.
#
#   make demo         build what decides, then decide on the sample pictures
#   make build        build/release/bin/coco-mcu
#   make web          build/web, the page that decides in the browser: coco-mcu serve shows it
#   make test         all tests, once more under sanitizers, and the fuzz targets
#   make bench-NAME   measure one claim: make bench prints the names
#   make models       lower models/*.cmcu again from the float checkpoints beside them
#   make lint         clang-format and clang-tidy
#   make install      into PREFIX (default /usr/local)

PREFIX ?= /usr/local
COCO_MCU_SHARED ?= ../shared
FUZZ_SECONDS ?= 120

CORE_PACKAGES := cmake flatbuffers-compiler g++ ninja-build libcli11-dev libcpp-httplib-dev libflatbuffers-dev \
  libfmt-dev libjpeg62-turbo-dev libpng-dev libprotobuf-dev libprotozero-dev libtomlplusplus-dev \
  nlohmann-json3-dev pkg-config protobuf-compiler
TRAINING_PACKAGES := libgloo-dev libopenblas0-openmp libtorch-dev
FIRMWARE_PACKAGES := gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm
TEST_PACKAGES := clang libclang-rt-14-dev libgmock-dev libgtest-dev
WEB_PACKAGES := chromium emscripten
PAGE_BOARDS := mps2-an386 mps2-an500 mps2-an505 mps3-an547
LINT_PACKAGES := clang-format clang-tidy git
BENCHES := $(patsubst bench/%.cc,%,$(wildcard bench/*.cc))

export COCO_MCU_SHARED

.PHONY: build core demo models web test bench node-packages lint install clean packages core-packages test-packages web-packages
build: packages
	cmake --preset release
	cmake --build --preset release

# What decides, without libtorch.
core: core-packages
	cmake --preset core
	cmake --build --preset core --target coco-mcu

demo: core
	tools/demo.sh build/core/bin/coco-mcu

models: core
	tools/lower_models.sh build/core/bin/coco-mcu

web: core web-packages
	tools/build_page.sh build/core/bin/coco-mcu build/web $(PAGE_BOARDS)

test: packages test-packages node-packages web-packages
	tools/test.sh $(FUZZ_SECONDS)

bench:
	@printf 'make bench-%s\n' $(subst _,-,$(BENCHES))

bench-%: packages
	cmake --preset release
	cmake --build --preset release --target bench_$(subst -,_,$*)
	build/release/bin/bench_$(subst -,_,$*)

bench-peers: node-packages

# ONNX Runtime and LiteRT for bench-peers and the tests of what export writes, what drives the
# browser for the tests of the page. Their own download scripts fetch what is not needed here.
node-packages:
	@command -v npm > /dev/null || tools/install_packages.sh nodejs npm
	npm install --prefix bench/onnx_runtime --ignore-scripts --no-save --no-package-lock
	npm install --prefix bench/litert --ignore-scripts --no-save --no-package-lock
	npm install --prefix tests/web --ignore-scripts --no-save --no-package-lock

lint: packages test-packages
	tools/install_packages.sh $(LINT_PACKAGES)
	cmake --preset sanitize -B build/lint -DCMAKE_UNITY_BUILD=OFF
	cmake --build build/lint --target coco_mcu_tensor_bundle
	tools/lint.sh build/lint

install: build
	cmake --install build/release --prefix $(PREFIX)

packages:
	@tools/install_packages.sh $(CORE_PACKAGES) $(TRAINING_PACKAGES)

web-packages:
	@tools/install_packages.sh $(WEB_PACKAGES) $(FIRMWARE_PACKAGES)

core-packages:
	@tools/install_packages.sh $(CORE_PACKAGES)

test-packages:
	@tools/install_packages.sh $(TEST_PACKAGES) $(FIRMWARE_PACKAGES)

clean:
	rm -rf build
