// What is measured of an integer model, as cells of tables: card writes them as Markdown, report as
// HTML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/annotated_pictures.h"
#include "cli/model_summary.h"
#include "cli/network_options.h"
#include "evaluation/metrics.h"
#include "model/model_file.h"

namespace coco_mcu::cli {

using Cells = std::vector<std::string>;
using Rows = std::vector<Cells>;

/// Name and value: network, file, weights, multiply-accumulates, RAM, input.
Rows size_rows(const model::ModelFile& file, const ModelSummary& summary);

/// Layers with weights, summed by operation and weight format.
Cells format_columns();
Rows format_rows(const ModelSummary& summary);

/// "2 bits in 7 layers, 4 bits in 88 layers"
std::string bits_text(const ModelSummary& summary);

Rows provenance_rows(const model::View& model);

/// Annotations and images as the command line names them, one folder for each file. Throws
/// UsageError where their numbers differ.
std::vector<AnnotatedPictures> read_picture_sets(const std::vector<std::string>& annotations,
                                                 const std::vector<std::string>& images);

/// One network on one set of pictures.
struct Measured {
  DecidedPictures decided;
  evaluation::Metrics metrics;
};
Measured measure(const std::string& activity, const Detector& detector,
                 const AnnotatedPictures& pictures);

/// A model file or a checkpoint's folder; nothing for an empty path.
std::optional<Detector> open_reference(const std::string& path);

/// "from 0.5" or "above 0.5"
std::string threshold_text(const Threshold& threshold);

/// Name of the network, counts, share, AUC and cross entropy.
Cells accuracy_columns();
Cells accuracy_cells(const std::string& network, const evaluation::Metrics& metrics);
/// Persons found and missed, false alarms and rightly none.
Cells confusion_columns();
Cells confusion_cells(const evaluation::Confusion& counts);
/// "86.1 % [80.9 %, 90.1 %]"
std::string accuracy_text(const evaluation::Metrics& metrics);
/// McNemar's exact test.
Cells paired_columns();
Cells paired_cells(const Measured& model, const Measured& reference);

}  // namespace coco_mcu::cli
