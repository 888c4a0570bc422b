from .decorators import jitclass as jitclass
