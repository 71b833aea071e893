"""The programs and libraries of the build tree as their ELF files show them: what they export, what protects their memory.

usage: hardening_test.py BUILD_FOLDER
"""
import json
import pathlib
import re
import struct
import sys
import unittest

BUILD = pathlib.Path()
PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 2, 0x6474E551, 0x6474E552
DT_FLAGS, DT_FLAGS_1, DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 30, 0x6FFFFFFB, 8, 1, 0x08000000
SHT_DYNSYM, ET_DYN, EXECUTABLE = 11, 3, 1


class Elf:
    """The parts of a little-endian 64-bit ELF file that matter here."""

    def __init__(self, path):
        self.bytes = path.read_bytes()
        assert self.bytes[:6] == b"\x7fELF\x02\x01", path
        self.type = struct.unpack_from("<H", self.bytes, 16)[0]
        program, section = struct.unpack_from("<QQ", self.bytes, 32)
        program_size, programs, section_size, sections = struct.unpack_from("<HHHH", self.bytes, 54)
        self.segments = {}
        for at in range(program, program + program_size * programs, program_size):
            kind, flags, offset, _, _, size = struct.unpack_from("<IIQQQQ", self.bytes, at)
            self.segments[kind] = (flags, offset, size)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, section + section_size * i) for i in range(sections)]

    def dynamic(self):
        _, offset, size = self.segments[PT_DYNAMIC]
        return dict(struct.unpack_from("<QQ", self.bytes, at) for at in range(offset, offset + size, 16))

    def symbols(self):
        """(exported names, imported names)"""
        exported, imported = set(), set()
        for _, kind, _, _, offset, size, link, _, _, entry in self.sections:
            if kind != SHT_DYNSYM:
                continue
            names = self.sections[link][4]
            for at in range(offset + entry, offset + size, entry):
                name, info, _, index = struct.unpack_from("<IBBH", self.bytes, at)
                end = self.bytes.index(b"\0", names + name)
                text = self.bytes[names + name : end].decode()
                if index == 0:
                    imported.add(text)
                elif info >> 4 != 0:  # not local
                    exported.add(text)
        return exported, imported


def programs():
    return [path for path in sorted((BUILD / "bin").iterdir()) if path.is_file() and not path.is_symlink()]


def libraries():
    return sorted(path for path in (BUILD / "lib").rglob("*.so*") if path.is_file() and not path.is_symlink())


def is_loaded(path):
    return path.parent.name in ("plugins", "models")


def setting(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found.group(1) if found else ""


class Files(unittest.TestCase):
    def test_are_there(self):
        self.assertIn("kt", [path.name for path in programs()])
        names = [path.name for path in libraries()]
        for name in ("libkt_core.so.0", "libkt_ref.so", "libkt_model_llama.so"):
            self.assertIn(name, names)

    def test_have_no_writable_code_and_no_late_binding(self):
        for path in programs() + libraries():
            with self.subTest(path.name):
                elf = Elf(path)
                self.assertEqual(elf.type, ET_DYN)
                self.assertIn(PT_GNU_RELRO, elf.segments)
                self.assertEqual(elf.segments[PT_GNU_STACK][0] & EXECUTABLE, 0)
                dynamic = elf.dynamic()
                self.assertTrue(dynamic.get(DT_FLAGS, 0) & DF_BIND_NOW or dynamic.get(DT_FLAGS_1, 0) & DF_1_NOW)

    def test_of_programs_lie_at_an_address_of_chance(self):
        for path in programs():
            self.assertTrue(Elf(path).dynamic().get(DT_FLAGS_1, 0) & DF_1_PIE, path)

    def test_guard_their_stacks(self):
        for path in programs() + libraries():
            self.assertIn("__stack_chk_fail", Elf(path).symbols()[1], path)

    def test_check_the_sizes_of_buffers(self):
        if setting("KT_SANITIZE") or setting("CMAKE_BUILD_TYPE") == "Debug":
            self.skipTest("this build leaves that to its sanitizers or to nobody")
        for name in ("bin/kt", "lib/libkt_core.so.0"):
            self.assertTrue([s for s in Elf(BUILD / name).symbols()[1] if s.endswith("_chk")], name)


class Symbols(unittest.TestCase):
    def test_of_plugins_and_model_libraries_are_their_entry_point_alone(self):
        loaded = [path for path in libraries() if is_loaded(path)]
        self.assertGreater(len(loaded), 4)
        for path in loaded:
            self.assertEqual(Elf(path).symbols()[0], {"kt_plugin_entry"}, path)

    def test_of_the_core_are_its_own(self):
        exported = Elf(BUILD / "lib/libkt_core.so.0").symbols()[0]
        self.assertIn("kt_model_load", exported)
        own = re.compile(r"kt_|_Z.*2kt")  # C functions; the namespace kt, and the standard library's templates over it
        self.assertEqual([name for name in exported if not own.match(name)], [])


class Commands(unittest.TestCase):
    def test_of_every_source_have_the_flags(self):
        commands = [command for command in json.loads((BUILD / "compile_commands.json").read_text())
                    if not re.search(r" -o (tests|plugins/fake)/", command["command"])]
        self.assertGreater(len(commands), 100)
        for command in commands:
            for flag in ("-fstack-protector-strong", "-D_GLIBCXX_ASSERTIONS"):
                self.assertIn(f" {flag} ", command["command"], command["file"])


if __name__ == "__main__":
    BUILD = pathlib.Path(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
