{
  "targets": [
    {
      "target_name": "skalar",
      "sources": [
        "addon.cc",
        "base/crc32c.cc",
        "base/thread_pool.cc",
        "binding/async.cc",
        "binding/attention.cc",
        "binding/commits.cc",
        "binding/decisions.cc",
        "binding/diversity.cc",
        "binding/errors.cc",
        "binding/exit.cc",
        "binding/hnsw.cc",
        "binding/scan.cc",
        "binding/similarities.cc",
        "binding/store.cc",
        "flat/rank.cc",
        "flat/scan.cc",
        "hnsw/attempt.cc",
        "hnsw/build.cc",
        "hnsw/choice.cc",
        "hnsw/code_scan.cc",
        "hnsw/graph.cc",
        "hnsw/index.cc",
        "hnsw/index_file.cc",
        "hnsw/linker.cc",
        "hnsw/renumber.cc",
        "hnsw/search.cc",
        "hnsw/walk.cc",
        "quant/code.cc",
        "quant/rotation.cc",
        "score/attention.cc",
        "score/decisions.cc",
        "score/diversity.cc",
        "score/scorer.cc",
        "score/similarities.cc",
        "score/weighted_sum.cc",
        "simd/avx2.cc",
        "simd/avx512.cc",
        "simd/dispatch.cc",
        "simd/neon.cc",
        "simd/scalar.cc",
        "store/commit_counters.cc",
        "store/row.cc",
        "store/vector_store.cc"
      ],
      "include_dirs": [".", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++20", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra"],
      "cflags_cc!": ["-std=gnu++17", "-O2", "-fno-exceptions"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_OPTIMIZATION_LEVEL": "3",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off"]
      },
      "msvs_settings": {
        "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++20", "/O2", "/fp:precise"], "ExceptionHandling": 1 }
      },
      "conditions": [["OS=='win'", { "defines": ["_HAS_EXCEPTIONS=1"] }]]
    }
  ]
}
