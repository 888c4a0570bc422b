from numba.experimental.jitclass.decorators import jitclass as jitclass
