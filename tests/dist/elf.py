"""What the audit asks of a shared library."""

import re
from typing import Any, BinaryIO

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

WRITE, EXECUTE = 2, 1


class Library:
    machine: str
    soname: str | None
    needed: set[str]
    exported: set[str]
    glibc: tuple[int, ...]
    """The newest version of glibc that a symbol asks for, or (0, 0)."""
    alignments: set[int]
    """Of the segments that are loaded."""
    has_debug_information: bool
    has_read_only_relocations: bool
    writes_to_code: bool

    def __init__(self, content: BinaryIO) -> None:
        elf: Any = ELFFile(content)
        machines = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}
        self.machine = machines.get(elf["e_machine"], elf["e_machine"])
        self.soname, self.needed, self.glibc = None, set(), (0, 0)
        for section in elf.iter_sections():
            if isinstance(section, DynamicSection):
                tag: Any
                for tag in section.iter_tags():
                    if tag.entry.d_tag == "DT_SONAME":
                        self.soname = tag.soname
                    elif tag.entry.d_tag == "DT_NEEDED":
                        self.needed.add(tag.needed)
            elif isinstance(section, GNUVerNeedSection):
                for _, versions in section.iter_versions():
                    for version in versions:
                        if match := re.fullmatch(r"GLIBC_([0-9.]+)", version.name):
                            self.glibc = max(self.glibc, tuple(map(int, match[1].split("."))))
        symbols = elf.get_section_by_name(".dynsym").iter_symbols()
        self.exported = {
            symbol.name
            for symbol in symbols
            if symbol.name and symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] != "STB_LOCAL"
        }
        segments = [segment.header for segment in elf.iter_segments()]
        loaded = [segment for segment in segments if segment.p_type == "PT_LOAD"]
        self.alignments = {segment.p_align for segment in loaded}
        self.has_debug_information = elf.get_section_by_name(".debug_info") is not None
        self.has_read_only_relocations = any(segment.p_type == "PT_GNU_RELRO" for segment in segments)
        self.writes_to_code = any(segment.p_flags & WRITE and segment.p_flags & EXECUTE for segment in loaded)
