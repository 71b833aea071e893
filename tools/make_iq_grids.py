#!/usr/bin/env python3
"""Writes sdk/include/kt/format/iq_grids.h, the codebooks of GGUF's IQ1, IQ2 and IQ3 types, from the PyPI package `gguf`.

usage: tools/make_iq_grids.py > sdk/include/kt/format/iq_grids.h     (needs: pip install gguf)
"""
from importlib.metadata import version

import numpy as np
from gguf import quants

HEADER = """// The codebooks of GGUF's IQ1, IQ2 and IQ3 types, written by tools/make_iq_grids.py from the package gguf %s.
// An entry of 8 elements holds two bits each, an entry of 4 elements four bits each, the first element lowest.
// The numbers count the values an element can have from the least:
// IQ1 -1, 0, 1; IQ2 8, 25, 43; IQ3_XXS 4, 12, ... 52, 62; IQ3_S 1, 3, ... 15.
#pragma once

#include <cstdint>

namespace kt::format {

// clang-format off
"""

TABLES = [("kIq2xxsGrid", quants.IQ2_XXS), ("kIq2xsGrid", quants.IQ2_XS), ("kIq2sGrid", quants.IQ2_S),
          ("kIq3xxsGrid", quants.IQ3_XXS), ("kIq3sGrid", quants.IQ3_S), ("kIq1Grid", quants.IQ1_S)]


def entries(kind):
    """The table's entries as packed 16-bit numbers."""
    kind.init_grid()
    levels = sorted(kind.grid_map)
    bits = 16 // kind.grid_shape[1]
    for row in kind.grid.reshape(kind.grid_shape):
        yield sum(levels.index(int(value)) << (bits * i) for i, value in enumerate(row))


def main():
    print(HEADER % version("gguf"))
    for name, kind in TABLES:
        values = list(entries(kind))
        print(f"inline constexpr uint16_t {name}[{len(values)}] = {{")
        for i in range(0, len(values), 15):
            print("    " + ", ".join(f"0x{v:04x}" for v in values[i:i + 15]) + ",")
        print("};\n")
    print("// clang-format on\n\n}  // namespace kt::format")


main()
