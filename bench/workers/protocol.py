"""The conversation of bench/table.py with a program that it measures: one JSON document a line, requests in, answers out."""
import json
import statistics
import sys
import time


def serve(answer, **ready):
    """Says that the program is ready, then answers the request of every line with answer(**request)."""
    print(json.dumps({"ready": True, **ready}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


def median_ms(run, seconds, repetitions=3):
    """Median over repetitions of the mean time of run(i), each repetition at least `seconds` long; one more before is not counted."""
    times, i = [], 0
    for _ in range(repetitions + 1):
        start, runs = time.perf_counter(), 0
        while runs < 2 or time.perf_counter() - start < seconds:
            run(i)
            i += 1
            runs += 1
        times.append((time.perf_counter() - start) / runs * 1e3)
    return statistics.median(times[1:])
