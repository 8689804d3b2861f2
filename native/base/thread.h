// A thread whose start may fail, where std::thread would throw.

#ifndef SKALAR_BASE_THREAD_H_
#define SKALAR_BASE_THREAD_H_

#include <new>

#if defined(_WIN32)
#include <thread>
#else
#include <pthread.h>
#endif

namespace skalar {

// Requires: joined before it is destroyed, if it was started.
class Thread {
 public:
#if defined(_WIN32)
  bool Start(void (*run)(void*), void* argument) {
    thread_ = std::thread(run, argument);
    return true;
  }
  void Join() { thread_.join(); }

 private:
  std::thread thread_;
#else
  // False where the system grants none, or no memory for it.
  bool Start(void (*run)(void*), void* argument) {
    Call* call = new (std::nothrow) Call{run, argument};
    if (call == nullptr) return false;
    if (pthread_create(&thread_, nullptr, Run, call) == 0) return true;
    delete call;
    return false;
  }
  void Join() { pthread_join(thread_, nullptr); }

 private:
  struct Call {
    void (*run)(void*);
    void* argument;
  };
  static void* Run(void* raw) {
    const Call call = *static_cast<Call*>(raw);
    delete static_cast<Call*>(raw);
    call.run(call.argument);
    return nullptr;
  }

  pthread_t thread_ = {};
#endif
};

}  // namespace skalar

#endif  // SKALAR_BASE_THREAD_H_
