"""Times products of random float32 matrices in numpy, one for each line that is read; prints milliseconds."""

import sys
import time

import numpy

rows, columns = int(sys.argv[1]), int(sys.argv[2])
a = numpy.random.default_rng(1).standard_normal((rows, columns), dtype=numpy.float32)
b = numpy.random.default_rng(2).standard_normal((rows, columns), dtype=numpy.float32)
out = numpy.empty((rows, rows), dtype=numpy.float32)
for _ in sys.stdin:
    start = time.perf_counter()
    numpy.matmul(a, b.T, out=out)
    print((time.perf_counter() - start) * 1000, flush=True)
