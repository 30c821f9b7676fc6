/**
 * Source of the addon that makes the library heed TF_CPP_MIN_LOG_LEVEL. TensorFlow logs through Abseil from its
 * static initializers on, and Abseil asks `absl::MinLogLevel()` only, which no variable reaches before the library
 * is loaded. Loaded first and for all, this definition is the one that Abseil's own calls find; errors still pass.
 */
export const LOG_LEVEL_SOURCE = `
#include <node_api.h>

#include <cstdlib>

#include "absl/base/options.h"

namespace absl {
inline namespace ABSL_OPTION_INLINE_NAMESPACE_NAME {

enum class LogSeverityAtLeast : int {};

__attribute__((visibility("default"))) LogSeverityAtLeast MinLogLevel() {
  static const char* const level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  static const int least = level == nullptr ? 0 : std::atoi(level);
  return static_cast<LogSeverityAtLeast>(least);
}

}
}

NAPI_MODULE_INIT() { return exports; }
`;

/** The header that names Abseil's inline namespace, which is part of the symbol; older TensorFlows have none. */
export const ABSEIL_OPTIONS = 'absl/base/options.h';
