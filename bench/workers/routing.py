"""The experts that the rows of a benchmark use; the same as apps/bench/routing.cc draws."""
DRAWS = 64
MASK = (1 << 64) - 1


def splitmix64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def draw_experts(draw, rows, used, experts):
    """[rows][used] ids, ascending within a row."""
    values = splitmix64(draw)
    out = []
    for _ in range(rows):
        chosen = set()
        while len(chosen) < used:
            chosen.add(next(values) % experts)
        out.append(sorted(chosen))
    return out


def draws(rows, used, experts):
    """The routings that runs of so many rows take in turn."""
    count = min(max(DRAWS * 8 // rows, 4), DRAWS)
    return [draw_experts(draw, rows, used, experts) for draw in range(count)]


def mean_distinct(routings):
    return sum(len({i for row in routing for i in row}) for routing in routings) / len(routings)
