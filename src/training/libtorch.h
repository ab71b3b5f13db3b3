// libtorch's headers, in the order that every compiler takes.
#pragma once

// Before the others: clang 14 in C++20 wants IValue complete where autograd functions are declared.
#include <ATen/core/ivalue.h>
#include <torch/torch.h>
