// The addon: what src/native.ts loads, and nothing else does.

#include <napi.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

#if defined(_WIN32)
#include <uv.h>
#endif

#include "binding/async.h"
#include "binding/commits.h"
#include "binding/exit.h"
#include "binding/function.h"
#include "binding/generation.h"
#include "binding/hnsw.h"
#include "binding/kernel_machine.h"
#include "binding/lock_file.h"
#include "binding/precision.h"
#include "binding/similarities.h"
#include "binding/store.h"
#include "binding/whitening.h"
#include "os/file_lock.h"
#include "simd/kernels.h"
#include "store/row.h"

namespace skalar::binding {
namespace {

// normalizeRows(rows: Uint8Array, dimension, refuseZero) → index of the first bad row, or their
// number
Napi::Value NormalizeRowsJs(const Napi::CallbackInfo& info) {
  auto rows = info[0].As<Napi::Uint8Array>();
  const size_t dimension = info[1].As<Napi::Number>().Uint32Value();
  const size_t count = rows.ByteLength() / RowBytes(dimension);
  const bool refuse_zero = info[2].As<Napi::Boolean>();
  const size_t good = NormalizeRows(rows.Data(), count, dimension, refuse_zero);
  return Napi::Number::New(info.Env(), static_cast<double>(good));
}

// firstBadVector(vectors: Float32Array, dimension, refuseZero) → its index, or their number
Napi::Value FirstBadVectorJs(const Napi::CallbackInfo& info) {
  const auto vectors = info[0].As<Napi::Float32Array>();
  const size_t dimension = info[1].As<Napi::Number>().Uint32Value();
  const bool refuse_zero = info[2].As<Napi::Boolean>();
  const size_t good =
      FirstBadVector(vectors.Data(), vectors.ElementLength() / dimension, dimension, refuse_zero);
  return Napi::Number::New(info.Env(), static_cast<double>(good));
}

// hasMemory(bytes) → whether so many would be granted just now
Napi::Value HasMemoryJs(const Napi::CallbackInfo& info) {
  const auto bytes = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  void* volatile granted = std::malloc(bytes);
  std::free(granted);
  return Napi::Boolean::New(info.Env(), granted != nullptr);
}

// lockFile(descriptor, shared) → whether it is locked now
Napi::Value LockFileJs(const Napi::CallbackInfo& info) {
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
#if defined(_WIN32)
  const auto file = reinterpret_cast<intptr_t>(uv_get_osfhandle(descriptor));
#else
  const intptr_t file = descriptor;
#endif
  const bool shared = info[1].As<Napi::Boolean>();
  return Napi::Boolean::New(info.Env(), os::TryLockFile(file, shared));
}

// sealRow(row: Uint8Array): writes its checksum
void SealRowJs(const Napi::CallbackInfo& info) {
  auto row = info[0].As<Napi::Uint8Array>();
  SealRow(row.Data(), row.ByteLength());
}

// firstDamagedRow(rows: Uint8Array, bytes) → index of the first row whose checksum is wrong, of as
// many as there are whole, or their number
Napi::Value FirstDamagedRowJs(const Napi::CallbackInfo& info) {
  const auto rows = info[0].As<Napi::Uint8Array>();
  const size_t bytes = info[1].As<Napi::Number>().Uint32Value();
  const size_t intact = FirstDamagedRow(rows.Data(), rows.ByteLength() / bytes, bytes);
  return Napi::Number::New(info.Env(), static_cast<double>(intact));
}

void Define(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new std::shared_ptr<Loop>(std::make_shared<Loop>(env)));
  const char* refused = simd::ForcedButUnavailable();
  exports.Set("target", simd::Active().name);
  exports.Set("refusedTarget", refused ? Napi::Value(Napi::String::New(env, refused)) : env.Null());
  exports.Set("hasMemory", FunctionOf<HasMemoryJs>(env, "hasMemory"));
  exports.Set("lockFile", FunctionOf<LockFileJs>(env, "lockFile"));
  exports.Set("normalizeRows", FunctionOf<NormalizeRowsJs>(env, "normalizeRows"));
  exports.Set("sealRow", FunctionOf<SealRowJs>(env, "sealRow"));
  exports.Set("firstDamagedRow", FunctionOf<FirstDamagedRowJs>(env, "firstDamagedRow"));
  exports.Set("firstBadVector", FunctionOf<FirstBadVectorJs>(env, "firstBadVector"));
  exports.Set("firstBadRow", FunctionOf<FirstBadRowJs>(env, "firstBadRow"));
  exports.Set("similarities", FunctionOf<StartSimilarities>(env, "similarities"));
  DefineExit(env, exports);
  exports.Set("LockFile", LockFile::Define(env));
  exports.Set("Commits", Commits::Define(env));
  exports.Set("Generation", Generation::Define(env));
  exports.Set("saveGeneration", FunctionOf<StartSave>(env, "saveGeneration"));
  exports.Set("Pool", Pool::Define(env));
  exports.Set("Store", Store::Define(env));
  exports.Set("Hnsw", Hnsw::Define(env));
  exports.Set("KernelMachine", KernelMachine::Define(env));
  exports.Set("Precision", Precision::Define(env));
  exports.Set("Whitening", Whitening::Define(env));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  const Status status = Guarded([&] {
    Define(env, exports);
    return Status::Ok();
  });
  if (!status.ok()) Throw(env, status);
  return exports;
}

}  // namespace

NODE_API_MODULE(skalar, Init)

}  // namespace skalar::binding
