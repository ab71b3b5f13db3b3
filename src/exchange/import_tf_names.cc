#include "exchange/import_tf_names.h"

#include <algorithm>
#include <iterator>

#include "network/tf_contrib_2019.h"

namespace coco_mcu::exchange {
namespace {

constexpr Renaming kParts[] = {
    {"Expand", "expand"},
    {"Depthwise", "depthwise"},
    {"Project", "project"},
    {"SEBottleneck", "squeeze_excite"},
    {"Squeeze/Conv1x1", "squeeze"},
    {"Excite/Conv1x1", "excite"},
    {"Conv1x1", "conv"},
    {"Conv3x3", "conv"},
    {"DWConv3x3", "conv"},
    {"DWConv5x5", "conv"},
    {"BatchNormalization/BatchNormalization", "batch_norm"},
    {"HardSwish/mul", "activation"},

    {"kernel", "weight"},
    {"depthwise_kernel", "weight"},
    {"bias", "bias"},
    {"gamma", "weight"},
    {"beta", "bias"},
    {"moving_mean", "running_mean"},
    {"moving_variance", "running_var"},

    {"weights_quant", "weight_quantizer"},
    {"act_quant", "output_quantizer"},
    {"activation_Mul_quant", "output_quantizer"},
    {"min", "min"},
    {"max", "max"},
};

constexpr Renaming kCocoMcuScopes[] = {
    {"first_layer", "first_layer"},
    {"att_0/Bneck", "att_0.bneck1"},
    {"att_0/Bneck_1", "att_0.bneck2"},
    {"att_0/Bneck_2", "att_0.bneck3"},
    {"att_0/Bneck_3", "att_0.bneck4"},
    {"att_0/Bneck_4", "att_0.bneck5"},
    {"att_0/Bneck_5", "att_0.bneck6"},
    {"bneck0/bneck0", "bneck0"},
    {"att_1/Bneck", "att_1.bneck1"},
    {"att_1/Bneck_1", "att_1.bneck2"},
    {"att_1/Bneck_2", "att_1.bneck3"},
    {"att_1/Bneck_3", "att_1.bneck4"},
    {"att_1/Bneck_4", "att_1.bneck5"},
    {"att_1/Bneck_5", "att_1.bneck6"},
    {"bneck1/bneck1", "bneck1"},
    {"bneck2/bneck2", "bneck2"},
    {"bneck3/bneck3", "bneck3"},
    {"bneck4/bneck4", "bneck4"},
    {"bneck5/bneck5", "bneck5"},
    {"bneck6/bneck6", "bneck6"},
    {"LastStage/ConvNormAct", "last_conv1"},
    {"LastStage/ConvNormAct_1", "last_conv2"},
    {"LastStage/ConvNormAct_2", "last_conv3"},
};

// In these two bottlenecks the graph of 2019 quantizes after the relu, and between the relu6 and
// the division by six of the hard sigmoid; seen after the division, the range is a sixth.
constexpr MovedQuantizer kCocoMcuMovedQuantizers[] = {
    {"att_0.bneck5.depthwise.squeeze_excite.squeeze", "att_0.bneck5.depthwise.squeeze_excite.relu",
     1.0F},
    {"att_0.bneck5.depthwise.squeeze_excite.excite", "att_0.bneck5.depthwise.squeeze_excite.gate",
     6.0F},
    {"att_0.bneck6.depthwise.squeeze_excite.squeeze", "att_0.bneck6.depthwise.squeeze_excite.relu",
     1.0F},
    {"att_0.bneck6.depthwise.squeeze_excite.excite", "att_0.bneck6.depthwise.squeeze_excite.gate",
     6.0F},
};

constexpr TfOriginal kOriginals[] = {
    {.network = "coco_mcu",
     .scopes = kCocoMcuScopes,
     .moved_quantizers = kCocoMcuMovedQuantizers,
     .quantizers = network::tf_contrib_2019,
     .preprocessing = {.height = 256,
                       .width = 256,
                       .resize = core::Resize::kLegacyBilinear,
                       .mean = {0.485F, 0.456F, 0.406F},
                       .deviation = {0.229F, 0.224F, 0.225F}}},
};

}  // namespace

std::span<const Renaming> part_renamings() {
  return kParts;
}

const TfOriginal* find_tf_original(std::string_view network) {
  const auto* found = std::ranges::find(kOriginals, network, &TfOriginal::network);
  return found == std::end(kOriginals) ? nullptr : found;
}

}  // namespace coco_mcu::exchange
