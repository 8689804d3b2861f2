#include "binding/heads.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "binding/async.h"

namespace skalar::binding {
namespace {

constexpr size_t kWindows = 4;
constexpr size_t kTotals = 4;

std::vector<Head> ReadQueries(const Napi::Value& queries, const Napi::Value& windows,
                              const Napi::Value& excluded, const VectorStore::View& keys) {
  const float* query = queries.As<Napi::Float32Array>().Data();
  const auto numbers = windows.As<Napi::Uint32Array>();
  std::vector<Head> heads(numbers.ElementLength() / kWindows);
  for (size_t i = 0; i < heads.size(); ++i) {
    const uint32_t* own = numbers.Data() + i * kWindows;
    heads[i].query.resize(keys.stride());
    std::copy_n(query + i * keys.dimension(), keys.dimension(), heads[i].query.begin());
    heads[i].keys = {own[0], own[1]};
    heads[i].values = {own[2], own[3]};
    if (!excluded.IsArray()) continue;
    heads[i].excluded = ReadSlots(excluded.As<Napi::Array>().Get(static_cast<uint32_t>(i)));
  }
  return heads;
}

}  // namespace

std::vector<uint32_t> ReadSlots(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  const auto slots = value.As<Napi::Uint32Array>();
  return {slots.Data(), slots.Data() + slots.ElementLength()};
}

Heads ReadHeads(const Napi::CallbackInfo& info, size_t first, const VectorStore::View& keys,
                AbortFlag::Value stopped) {
  const double* numbers = info[first + 2].As<Napi::Float64Array>().Data();
  Heads heads;
  heads.weighting.affinity = static_cast<Affinity>(static_cast<uint32_t>(numbers[0]));
  heads.weighting.scale = numbers[1];
  heads.weighting.center = numbers[2];
  heads.weighting.bound = numbers[3] != 0;
  heads.weighting.slack = numbers[4];
  heads.top = static_cast<size_t>(numbers[5]);
  heads.own_values = numbers[6] != 0;
  heads.heads = ReadQueries(info[first], info[first + 1], info[first + 3], keys);
  if (info[first + 4].IsTypedArray()) {
    heads.members = std::make_shared<const std::vector<uint32_t>>(ReadSlots(info[first + 4]));
  }
  heads.abort = ReadAbortFlag(info[first + 8]).Or(stopped);
  return heads;
}

Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& numbers) {
  auto array = Napi::Float64Array::New(env, numbers.size());
  if (!array.IsEmpty()) std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

Napi::Float64Array ToArray(Napi::Env env, const std::vector<Total>& totals) {
  std::vector<double> numbers;
  numbers.reserve(kTotals * totals.size());
  for (const auto& [max, sum, rows, longest] : totals) {
    numbers.insert(numbers.end(), {max, sum, static_cast<double>(rows), longest});
  }
  return ToArray(env, numbers);
}

}  // namespace skalar::binding
