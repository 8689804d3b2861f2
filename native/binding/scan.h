// Scans as JavaScript calls them: arguments to queries, one pass on the calling thread or on the
// pool's.

#ifndef SKALAR_BINDING_SCAN_H_
#define SKALAR_BINDING_SCAN_H_

#include <napi.h>

#include <vector>

#include "base/abort.h"
#include "score/query.h"

namespace skalar::binding {

class Store;

// Arguments of scan() and scanSync(), from `info[first]`:
//   count    number
//   vectors  Float32Array  dimension × number of queries; finite, and not zero where a direction is
//                          needed; not to change until the call is done
//   params   Float64Array  9 a query: k, threshold, after's score, after's slot, excluded slot,
//                          NaN where there is none; ef; 1 if it is to be exact, else 0; metric;
//                          center
//   allowed  Array | null  for each query a Uint32Array of ascending slots, or null
//   abort    Int32Array | null  one element; other than 0 stops the scan
//   whitening  Whitening | null  of this store; of queries by kMahalanobis
struct ScanArguments {
  std::vector<Query> queries;
  AbortFlag abort = nullptr;
};

ScanArguments ReadScanArguments(const Napi::CallbackInfo& info, size_t first, const Store& store);

// scan(pool, since, texts, count, vectors, params, allowed, abort) → Promise of answers (see
// Store::ToNumbers).
Napi::Value StartScan(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_SCAN_H_
