// LMDB's number of the last commit as JavaScript sees it (src/native.ts: NativeCommitNumber).

#ifndef SKALAR_BINDING_COMMIT_NUMBER_H_
#define SKALAR_BINDING_COMMIT_NUMBER_H_

#include <napi.h>

#include <memory>

#include "binding/function.h"
#include "store/commit_number.h"

namespace skalar::binding {

class CommitNumber : public Wrapped<CommitNumber> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit CommitNumber(const Napi::CallbackInfo& info);

 private:
  Napi::Value RaiseTo(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Deleted by Close() alone: an object that is collected says nothing of whether LMDB has closed
  // the file.
  std::shared_ptr<skalar::CommitNumber>* number_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_COMMIT_NUMBER_H_
