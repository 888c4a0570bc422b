"""CPU kernels: `PREPARE[op name](call) -> Launch` in the file that is called as the op's file in ops/ is."""
