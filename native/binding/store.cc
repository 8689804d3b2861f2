#include "binding/store.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "binding/attention.h"
#include "binding/diversity.h"
#include "binding/errors.h"
#include "binding/generation.h"
#include "binding/precision.h"
#include "binding/scan.h"
#include "flat/scan.h"
#include "score/scorer.h"
#include "score/weighted_sum.h"
#include "store/row.h"

namespace skalar::binding {

Napi::Function Store::Define(Napi::Env env) {
  return DefineClass(env, "Store",
                     {
                         Method<&Store::Put>("put"),
                         Method<&Store::Remove>("remove"),
                         Method<&Store::SetIds>("setIds"),
                         Method<&Store::Vector>("vector"),
                         Method<&Store::AddVectors>("addVectors"),
                         Method<&Store::Scores>("scores"),
                         Method<&Store::Scan>("scan"),
                         Method<&Store::ScanSync>("scanSync"),
                         Method<&Store::Attend>("attend"),
                         Method<&Store::AttendSync>("attendSync"),
                         Method<&Store::Diversify>("diversify"),
                         Method<&Store::DiversifySync>("diversifySync"),
                         Method<&Store::Memory>("memory"),
                         Method<&Store::Damaged>("damaged"),
                         Method<&Store::Live>("live"),
                         Method<&Store::Spread>("spread"),
                     });
}

Store::Store(const Napi::CallbackInfo& info)
    : Wrapped<Store>(info),
      vectors_(info[0].As<Napi::Number>().Uint32Value()),
      external_memory_(info.Env()) {
  if (info[1].IsNull()) return;
  const std::shared_ptr<const SectionFile>& file = Generation::Unwrap(info[1])->file();
  if (Status status = vectors_.Open(file); !status.ok()) {
    Throw(info.Env(), status);
    return;
  }
  ids_.Open(file);
  external_memory_.Report(vectors_.memory());
}

// put(slots: Uint32Array, rows: Uint8Array, position: number)
void Store::Put(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  const auto rows = info[1].As<Napi::Uint8Array>();
  if (rows.ByteLength() < slots.ElementLength() * RowBytes(vectors_.dimension())) {
    return ThrowMisuse(info.Env(), "skalar addon: fewer rows than slots");
  }
  const auto position = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  const Status status = vectors_.Put(slots.Data(), rows.Data(), slots.ElementLength(), position);
  external_memory_.Report(vectors_.memory());
  if (!status.ok()) Throw(info.Env(), status);
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

// vector(slot) → Float32Array: the vector as it was given; undefined for a dead slot
Napi::Value Store::Vector(const Napi::CallbackInfo& info) {
  const uint32_t slot = info[0].As<Napi::Number>().Uint32Value();
  const VectorStore::View view = vectors_.Snapshot();
  if (!view.IsLive(slot)) return info.Env().Undefined();
  auto vector = Napi::Float32Array::New(info.Env(), view.dimension());
  if (vector.IsEmpty()) return vector;
  view.WriteVector(slot, vector.Data());
  return vector;
}

// addVectors(slots: Uint32Array, count, weight, directions: boolean, sums: Float64Array)
void Store::AddVectors(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  const uint32_t count = info[1].As<Napi::Number>().Uint32Value();
  auto sums = info[4].As<Napi::Float64Array>();
  const VectorStore::View view = vectors_.Snapshot();
  if (slots.ElementLength() < count || sums.ElementLength() < view.stride()) {
    return ThrowMisuse(info.Env(), "skalar addon: fewer slots than told, or sums than components");
  }
  AddWeighted(view, slots.Data(), count, info[2].As<Napi::Number>().DoubleValue(),
              info[3].As<Napi::Boolean>().Value(), sums.Data());
}

// scores(vector: Float32Array, metric, slots: Uint32Array, precision or null) → Float64Array:
// exact; NaN for dead slots
Napi::Value Store::Scores(const Napi::CallbackInfo& info) {
  const auto vector = info[0].As<Napi::Float32Array>();
  const auto slots = info[2].As<Napi::Uint32Array>();
  const VectorStore::View view = vectors_.Snapshot();
  if (vector.ElementLength() != view.dimension()) {
    ThrowMisuse(info.Env(), "skalar addon: a vector of another dimension");
    return {};
  }
  std::vector<float> padded(view.stride());
  std::copy_n(vector.Data(), view.dimension(), padded.begin());
  Query query;
  query.vector = Borrowed(padded.data());
  query.metric = static_cast<Metric>(info[1].As<Napi::Number>().Uint32Value());
  query.whitened = ReadPrecision(info[3]);
  const Scorer scorer(view, query);
  auto scores = Napi::Float64Array::New(info.Env(), slots.ElementLength());
  if (scores.IsEmpty()) return scores;
  uint32_t live[Scorer::kAtOnce];
  double found[Scorer::kAtOnce];
  for (size_t begin = 0; begin < slots.ElementLength(); begin += Scorer::kAtOnce) {
    const size_t end = std::min(begin + Scorer::kAtOnce, slots.ElementLength());
    size_t count = 0;
    for (size_t i = begin; i < end; ++i) {
      if (view.IsLive(slots[i])) live[count++] = slots[i];
    }
    scorer.Exact(live, count, found);
    for (size_t i = begin, next = 0; i < end; ++i) {
      const bool is_next = next < count && live[next] == slots[i];
      scores[i] = is_next ? found[next++] : std::numeric_limits<double>::quiet_NaN();
    }
  }
  return scores;
}

Napi::Value Store::Scan(const Napi::CallbackInfo& info) { return StartScan(info); }

// scanSync(since, texts, room, count, vectors, params, allowed, abort) → answers
Napi::Value Store::ScanSync(const Napi::CallbackInfo& info) {
  const VectorStore::View view = vectors_.Snapshot();
  ScanArguments arguments = ReadScanArguments(info, 3, *this);
  skalar::Scan scan(view, std::move(arguments.queries), arguments.abort);
  scan.Work();
  std::vector<Hits> answers;
  if (Status status = scan.Finish(&answers); !status.ok()) return Throw(info.Env(), status);
  const auto since = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  return ToNumbers(info.Env(), answers, since, info[1].As<Napi::Array>(), info[2]);
}

Napi::Value Store::Attend(const Napi::CallbackInfo& info) { return StartAttention(info); }

Napi::Value Store::AttendSync(const Napi::CallbackInfo& info) { return binding::AttendSync(info); }

Napi::Value Store::Diversify(const Napi::CallbackInfo& info) { return StartDiversity(info); }

Napi::Value Store::DiversifySync(const Napi::CallbackInfo& info) {
  return binding::DiversifySync(info);
}

// live() → Uint32Array: all live slots
Napi::Value Store::Live(const Napi::CallbackInfo& info) {
  const VectorStore::View view = vectors_.Snapshot();
  auto slots = Napi::Uint32Array::New(info.Env(), vectors_.live_count());
  if (slots.IsEmpty()) return slots;
  const size_t end = view.chunk_count() * view.chunk_slots();
  size_t next = 0;
  for (uint32_t slot = 0; slot < end && next < slots.ElementLength(); ++slot) {
    if (view.IsLive(slot)) slots[next++] = slot;
  }
  return slots;
}

// damaged() → whether rows or ids of a generation were found to be; what it answers is void then
Napi::Value Store::Damaged(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), vectors_.damaged());
}

Napi::Value Store::Memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(vectors_.memory()));
}

Napi::Value Store::Spread(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), vectors_.spread());
}

Napi::Value Store::ToNumbers(Napi::Env env, const std::vector<Hits>& answers, uint64_t since,
                             Napi::Array texts, Napi::Value room) const {
  constexpr size_t kHead = 1;
  constexpr size_t kPerQuery = 5;
  constexpr size_t kPerHit = 4;
  size_t total = 0;
  for (const Hits& answer : answers) total += answer.hits.size();
  const size_t length = kHead + kPerQuery * answers.size() + kPerHit * total;
  Napi::Float64Array numbers;
  if (room.IsTypedArray()) numbers = room.As<Napi::Float64Array>();
  if (numbers.IsEmpty() || numbers.ElementLength() < length) {
    numbers = Napi::Float64Array::New(env, length);
    if (numbers.IsEmpty()) return numbers;
  }
  // What is told of hits lies anywhere in memory: it is asked for one answer, and two, ahead.
  const auto fetch_records = [&](size_t i) {
    if (i >= answers.size()) return;
    for (const Hit& hit : answers[i].hits) vectors_.FetchRecord(hit.slot);
  };
  const auto fetch_ids = [&](size_t i) {
    if (i >= answers.size()) return;
    for (const Hit& hit : answers[i].hits) ids_.Fetch(vectors_.OrdinalOf(hit.slot));
  };
  fetch_records(0);
  fetch_records(1);
  fetch_ids(0);
  double* query = numbers.Data() + kHead;
  double* next = query + kPerQuery * answers.size();
  bool stale = false;
  uint32_t number = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    fetch_records(i + 2);
    fetch_ids(i + 1);
    const Hits& answer = answers[i];
    *query++ = static_cast<double>(answer.hits.size());
    *query++ = static_cast<double>(answer.visited);
    *query++ = static_cast<double>(answer.distances);
    *query++ = static_cast<double>(answer.candidates);
    *query++ = static_cast<double>(answer.reranked);
    for (const Hit& hit : answer.hits) {
      stale = stale || vectors_.ChangedSince(hit.slot, since);
      const uint32_t ordinal = vectors_.OrdinalOf(hit.slot);
      const std::string_view id = ids_.Get(ordinal);
      *next++ = hit.slot;
      *next++ = ordinal;
      *next++ = hit.score;
      *next++ = IsInteger(id) ? IntegerOf(id) : std::numeric_limits<double>::quiet_NaN();
      if (IsText(id)) {
        const std::string_view text = TextOf(id);
        texts.Set(number, Napi::String::New(env, text.data(), text.size()));
      }
      ++number;
    }
  }
  numbers[0] = stale || vectors_.damaged();
  return numbers;
}

}  // namespace skalar::binding
