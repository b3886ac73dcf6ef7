"""Writes golden_neon.txt: the words that GNU as makes of the instructions of ../neon_arm64.h, for several registers.

Needs aarch64-linux-gnu-as and -objcopy (Debian's binutils-aarch64-linux-gnu). The instruction comes from the comment above each
macro, where d, n, m and i stand for the macro's arguments.
"""
import os
import re
import struct
import subprocess
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
rows = []
lines = open(os.path.join(here, "..", "neon_arm64.h")).read().split("\n")
for text, define in zip(lines, lines[1:]):
    m = re.match(r"#define (\w+)\(([^)]*)\)", define)
    if not m:
        continue
    names = [a.strip() for a in m[2].split(",")]
    for values in [(1, 2, 4, 0), (8, 16, 31, 1), (30, 7, 9, 2), (21, 10, 27, 3)]:
        args = dict(zip("dnmi", values))
        if "i" in names and "2d" in text:
            args["i"] %= 2
        ins = text.removeprefix("// ")
        for a in names:
            if a == "i":
                ins = ins.replace("[i]", "[%d]" % args[a])
            else:
                ins = re.sub(r"\b([vs])%s\b" % a, r"\g<1>%d" % args[a], ins)
        rows.append((m[1], [args[a] for a in names], ins))
with tempfile.TemporaryDirectory() as tmp:
    path = os.path.join(tmp, "a")
    open(path + ".s", "w").write("".join(r[2] + "\n" for r in rows))
    subprocess.run(["aarch64-linux-gnu-as", "-o", path + ".o", path + ".s"], check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", path + ".o", path], check=True)
    words = struct.unpack("<%dI" % len(rows), open(path, "rb").read())
with open(os.path.join(here, "golden_neon.txt"), "w") as f:
    for (name, args, ins), w in zip(rows, words):
        f.write("%08x %s(%s) %s\n" % (w, name, ", ".join(map(str, args)), ins))
