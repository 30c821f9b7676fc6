/**
 * Source of the addon through which an engine for GPUs gets TensorFlow's session options. tfjs-node's binding makes
 * its eager context and the sessions of its graphs without any, and no variable stands for a limit of the card's
 * memory. Loaded first and for all, these definitions are the ones that the binding's calls find; they call TensorFlow's
 * own and add the configuration (a serialized tensorflow.ConfigProto) that JavaScript has set.
 */
export const SESSION_CONFIG_SOURCE = `
#include <dlfcn.h>
#include <node_api.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace {

std::vector<unsigned char> config;

// TensorFlow is loaded after this addon, and found by its name when it is first called.
template <typename Function>
Function* of_tensorflow(const char* name) {
  void* library = dlopen("libtensorflow_cc.so.2", RTLD_NOW | RTLD_NOLOAD);
  void* symbol = library == nullptr ? nullptr : dlsym(library, name);
  if (symbol == nullptr) {
    std::fprintf(stderr, "session_config.node: TensorFlow has no %s\\n", name);
    std::abort();
  }
  return reinterpret_cast<Function*>(symbol);
}

template <typename Options>
Options* configured(Options* options, const char* setter) {
  if (config.empty()) return options;
  TF_Status* status = of_tensorflow<decltype(TF_NewStatus)>("TF_NewStatus")();
  of_tensorflow<void(Options*, const void*, size_t, TF_Status*)>(setter)(options, config.data(), config.size(), status);
  if (of_tensorflow<decltype(TF_GetCode)>("TF_GetCode")(status) != TF_OK) {
    const char* why = of_tensorflow<decltype(TF_Message)>("TF_Message")(status);
    std::fprintf(stderr, "session_config.node: TensorFlow refuses its configuration: %s\\n", why);
    std::abort();
  }
  of_tensorflow<decltype(TF_DeleteStatus)>("TF_DeleteStatus")(status);
  return options;
}

napi_value SetConfig(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value bytes;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &bytes, nullptr, nullptr) != napi_ok ||
      napi_get_typedarray_info(env, bytes, nullptr, &length, &data, nullptr, nullptr) != napi_ok) {
    napi_throw_type_error(env, nullptr, "expected a Uint8Array");
    return nullptr;
  }
  const unsigned char* first = static_cast<const unsigned char*>(data);
  config.assign(first, first + length);
  return nullptr;
}

}

extern "C" {

__attribute__((visibility("default"))) TF_SessionOptions* TF_NewSessionOptions(void) {
  return configured(of_tensorflow<decltype(TF_NewSessionOptions)>("TF_NewSessionOptions")(), "TF_SetConfig");
}

__attribute__((visibility("default"))) TFE_ContextOptions* TFE_NewContextOptions(void) {
  return configured(of_tensorflow<decltype(TFE_NewContextOptions)>("TFE_NewContextOptions")(),
                    "TFE_ContextOptionsSetConfig");
}

}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "setConfig", NAPI_AUTO_LENGTH, SetConfig, nullptr, &function) != napi_ok ||
      napi_set_named_property(env, exports, "setConfig", function) != napi_ok) {
    return nullptr;
  }
  return exports;
}
`;
