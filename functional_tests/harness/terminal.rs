//! Programs at a real terminal, which is one of Python's.

/// Starts the program behind it, whose stdin, stdout and stderr are a pseudo-terminal, and writes what it shows. What stands
/// in `TYPED` is typed at it. The program is hung up on when this one ends.
pub(crate) const AT_A_TERMINAL: [&str; 3] = ["python3", "-c", SCRIPT];

const SCRIPT: &str = "
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
os.write(terminal, os.environ.get('TYPED', '').encode())
try:
    while shown := os.read(terminal, 4096):
        os.write(1, shown)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";
