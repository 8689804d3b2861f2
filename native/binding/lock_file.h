// LMDB's `lock.mdb` as JavaScript sees it (src/native.ts: NativeLockFile).

#ifndef SKALAR_BINDING_LOCK_FILE_H_
#define SKALAR_BINDING_LOCK_FILE_H_

#include <napi.h>

#include <memory>

#include "binding/function.h"
#include "store/lock_file.h"

namespace skalar::binding {

class LockFile : public Wrapped<LockFile> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit LockFile(const Napi::CallbackInfo& info);

 private:
  void Hold(const Napi::CallbackInfo& info);
  Napi::Value RaiseTo(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Deleted by Close() alone: an object that is collected says nothing of whether LMDB has closed
  // the file.
  std::shared_ptr<skalar::LockFile>* file_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_LOCK_FILE_H_
