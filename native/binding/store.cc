#include "binding/store.h"

#include <algorithm>
#include <limits>

#include "binding/errors.h"
#include "binding/scan.h"
#include "flat/scan.h"
#include "store/row.h"

namespace skalar::binding {

Napi::Function Store::Define(Napi::Env env) {
  return DefineClass(env, "Store",
                     {
                         InstanceMethod<&Store::Put>("put"),
                         InstanceMethod<&Store::Remove>("remove"),
                         InstanceMethod<&Store::SetIds>("setIds"),
                         InstanceMethod<&Store::Vector>("vector"),
                         InstanceMethod<&Store::Scan>("scan"),
                         InstanceMethod<&Store::ScanSync>("scanSync"),
                         InstanceMethod<&Store::Memory>("memory"),
                     });
}

Store::Store(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Store>(info),
      metric_(static_cast<Metric>(info[1].As<Napi::Number>().Uint32Value())),
      vectors_(info[0].As<Napi::Number>().Uint32Value()) {}

Store::~Store() { Napi::MemoryManagement::AdjustExternalMemory(Env(), -reported_memory_); }

// put(slots: Uint32Array, rows: Uint8Array, position: number)
void Store::Put(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  const auto rows = info[1].As<Napi::Uint8Array>();
  if (rows.ByteLength() < slots.ElementLength() * RowBytes(vectors_.dimension())) {
    return ThrowMisuse(info.Env(), "fewer rows than slots");
  }
  const auto position = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  const Status status = vectors_.Put(slots.Data(), rows.Data(), slots.ElementLength(), position);
  ReportMemory(info.Env());
  if (!status.ok()) ToError(info.Env(), status).ThrowAsJavaScriptException();
}

void Store::ReportMemory(Napi::Env env) {
  const auto memory = static_cast<int64_t>(vectors_.memory());
  Napi::MemoryManagement::AdjustExternalMemory(env, memory - reported_memory_);
  reported_memory_ = memory;
}

// remove(slots: Uint32Array, position: number)
void Store::Remove(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  const auto position = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  vectors_.Remove(slots.Data(), slots.ElementLength(), position);
}

// setIds(ordinals: Uint32Array, bytes: Uint8Array, ends: Uint32Array): id i ends before
// bytes[ends[i]]
void Store::SetIds(const Napi::CallbackInfo& info) {
  const auto ordinals = info[0].As<Napi::Uint32Array>();
  const auto bytes = info[1].As<Napi::Uint8Array>();
  const auto ends = info[2].As<Napi::Uint32Array>();
  const char* text = reinterpret_cast<const char*>(bytes.Data());
  for (size_t i = 0, begin = 0; i < ordinals.ElementLength(); begin = ends[i++]) {
    ids_.Set(ordinals[i], {text + begin, ends[i] - begin});
  }
}

// vector(slot) → Float32Array: the vector as it was given, within rounding; undefined for a dead
// slot
Napi::Value Store::Vector(const Napi::CallbackInfo& info) {
  const uint32_t slot = info[0].As<Napi::Number>().Uint32Value();
  const VectorStore::View view = vectors_.Snapshot();
  if (!view.IsLive(slot)) return info.Env().Undefined();
  auto vector = Napi::Float32Array::New(info.Env(), view.dimension());
  if (vector.IsEmpty()) return vector;
  const float* unit = view.Row(slot);
  const double norm = view.NormOf(slot);
  // The largest float32 may come out larger by the rounding of the unit vector.
  static constexpr double kLargest = std::numeric_limits<float>::max();
  std::transform(unit, unit + view.dimension(), vector.Data(), [norm](float component) {
    return static_cast<float>(std::clamp(norm * component, -kLargest, kLargest));
  });
  return vector;
}

Napi::Value Store::Scan(const Napi::CallbackInfo& info) { return StartScan(info); }

// scanSync(since, vectors, params, allowed, abort) → answers
Napi::Value Store::ScanSync(const Napi::CallbackInfo& info) {
  const VectorStore::View view = vectors_.Snapshot();
  ScanArguments arguments;
  Status status = ReadScanArguments(info, 1, view, metric_, &arguments);
  std::vector<Hits> answers;
  if (status.ok()) {
    skalar::Scan scan(view, metric_, std::move(arguments.queries), arguments.abort);
    scan.Work();
    status = scan.Finish(&answers);
  }
  if (!status.ok()) {
    ToError(info.Env(), status).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return ToObject(info.Env(), answers, info[0].As<Napi::Number>().Int64Value());
}

Napi::Value Store::Memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(vectors_.memory()));
}

Napi::Object Store::ToObject(Napi::Env env, const std::vector<Hits>& answers,
                             uint64_t since) const {
  size_t total = 0;
  for (const Hits& answer : answers) total += answer.hits.size();
  auto ids = Napi::Array::New(env, total);
  auto slots = Napi::Uint32Array::New(env, total);
  auto ordinals = Napi::Uint32Array::New(env, total);
  auto scores = Napi::Float64Array::New(env, total);
  // Three a query: where its hits end, distances computed, rows scored exactly.
  auto counts = Napi::Uint32Array::New(env, 3 * answers.size());
  auto object = Napi::Object::New(env);
  if (slots.IsEmpty() || ordinals.IsEmpty() || scores.IsEmpty() || counts.IsEmpty()) return object;
  bool stale = false;
  uint32_t next = 0;
  for (size_t q = 0; q < answers.size(); ++q) {
    for (const Hit& hit : answers[q].hits) {
      stale = stale || vectors_.ChangedSince(hit.slot, since);
      const uint32_t ordinal = vectors_.OrdinalOf(hit.slot);
      ids.Set(next, IdOf(env, ordinal));
      slots[next] = hit.slot;
      ordinals[next] = ordinal;
      scores[next++] = hit.score;
    }
    counts[3 * q] = next;
    counts[3 * q + 1] = static_cast<uint32_t>(answers[q].distances);
    counts[3 * q + 2] = static_cast<uint32_t>(answers[q].reranked);
  }
  object.Set("ids", ids);
  object.Set("slots", slots);
  object.Set("ordinals", ordinals);
  object.Set("scores", scores);
  object.Set("counts", counts);
  object.Set("stale", stale);
  return object;
}

Napi::Value Store::IdOf(Napi::Env env, uint32_t ordinal) const {
  const std::string_view id = ids_.Get(ordinal);
  if (id.empty()) return env.Undefined();
  if (IsInteger(id)) return Napi::Number::New(env, IntegerOf(id));
  const std::string_view text = TextOf(id);
  return Napi::String::New(env, text.data(), text.size());
}

}  // namespace skalar::binding
