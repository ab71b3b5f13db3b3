// The parts of report's page that take more than reading the model: decisions, simulated boards.
#pragma once

#include <string>
#include <vector>

#include "cli/annotated_pictures.h"
#include "firmware/board.h"
#include "model/integer_model.h"
#include "model/model_file.h"
#include "report/model_page.h"

namespace coco_mcu::cli {

/// Annotated pictures as they are called on the page.
struct NamedPictures {
  std::string name;
  AnnotatedPictures pictures;
};

/// What the model in `file` decides, beside `against`, a model file or checkpoint folder (empty:
/// nothing): for each set its accuracy and its worst mistakes, and for the top of the page a
/// figure.
void add_accuracy(report::ModelPage& page, const std::string& file, const std::string& against,
                  const std::vector<NamedPictures>& sets);

/// Instructions, RAM and flash on each board, and the instructions of each layer; a line for each
/// board that could not be simulated, for instance because its tools are not installed.
void add_boards(report::ModelPage& page, const model::ModelFile& file,
                const model::IntegerModel& model, const std::vector<const firmware::Board*>& boards,
                const std::vector<NamedPictures>& sets);

/// Detectors of other people, by their stored figures.
report::PageSection peer_section();

}  // namespace coco_mcu::cli
