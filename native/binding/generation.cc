#include "binding/generation.h"

#include <optional>
#include <string>
#include <utility>

#include "binding/async.h"
#include "binding/errors.h"
#include "binding/hnsw.h"
#include "binding/scan.h"
#include "binding/store.h"

namespace skalar::binding {
namespace {

// One thread reads on in a file.
class CheckOperation : public PoolOperation {
 public:
  CheckOperation(const Napi::CallbackInfo& info, Pool* pool,
                 std::shared_ptr<const SectionFile> file)
      : PoolOperation(info, pool), file_(std::move(file)), abort_(ReadAbortFlag(info[1])) {}

  void Abandon() override { file_.reset(); }

 protected:
  void Work() override { done_ = file_->CheckOn(abort_.Or(stopped())); }
  Status Finish() override { return Status::Ok(); }
  Napi::Value Result(Napi::Env env) override { return Napi::Boolean::New(env, done_); }

 private:
  std::shared_ptr<const SectionFile> file_;
  const AbortFlag abort_;
  bool done_ = false;
};

// One thread writes all of a file, as the store and the graph were when it began.
class SaveOperation : public PoolOperation {
 public:
  SaveOperation(const Napi::CallbackInfo& info, Pool* pool, const Store& store, const Hnsw* hnsw)
      : PoolOperation(info, pool),
        path_(info[1].As<Napi::String>().Utf8Value()),
        vectors_(store.vectors().Snapshot()),
        ids_(store.ids()),
        abort_(ReadAbortFlag(info[4])) {
    if (hnsw != nullptr) graph_.emplace(hnsw->index().Save());
  }

  void Abandon() override {
    vectors_.reset();
    ids_.reset();
    graph_.reset();
  }

 protected:
  void Work() override {
    const AbortFlag abort = abort_.Or(stopped());
    SectionWriter writer(path_.c_str());
    SectionNotes notes = {};
    const bool whole = vectors_->Write(&writer, &notes, abort) && ids_->Write(&writer, abort) &&
                       (!graph_ || graph_->Write(*vectors_, &writer, &notes, abort));
    if (whole) status_ = writer.Finish(notes, &crc_);
  }

  Status Finish() override {
    Abandon();
    return status_;
  }

  Napi::Value Result(Napi::Env env) override { return Napi::Number::New(env, crc_); }

 private:
  const std::string path_;
  std::optional<VectorStore::View> vectors_;
  std::optional<IdColumn> ids_;
  std::optional<hnsw::Index::Saving> graph_;
  const AbortFlag abort_;
  uint32_t crc_ = 0;
  Status status_ = Status::Aborted();  // until the work has come to its end
};

}  // namespace

Napi::Function Generation::Define(Napi::Env env) {
  return DefineClass(env, "Generation",
                     {
                         Method<&Generation::Check>("check"),
                         Method<&Generation::Checked>("checked"),
                         Method<&Generation::Damaged>("damaged"),
                         Method<&Generation::Bytes>("bytes"),
                     });
}

// new Generation(path, crc)
Generation::Generation(const Napi::CallbackInfo& info) : Wrapped<Generation>(info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  const uint32_t crc = info[1].As<Napi::Number>().Uint32Value();
  const Status status = SectionFile::Open(path.c_str(), crc, &file_);
  if (!status.ok()) Throw(info.Env(), status);
}

// check(pool, abort) → Promise of whether all is checked
Napi::Value Generation::Check(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  return PoolOperation::Start(std::make_unique<CheckOperation>(info, pool, file_), 1);
}

// checked() → boolean
Napi::Value Generation::Checked(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), file_->checked());
}

// damaged() → boolean
Napi::Value Generation::Damaged(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), file_->damaged());
}

// bytes() → number
Napi::Value Generation::Bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(file_->size()));
}

Napi::Value StartSave(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  const Store* store = Store::Unwrap(info[2]);
  const Hnsw* hnsw = info[3].IsNull() ? nullptr : Hnsw::Unwrap(info[3]);
  return PoolOperation::Start(std::make_unique<SaveOperation>(info, pool, *store, hnsw), 1);
}

}  // namespace skalar::binding
