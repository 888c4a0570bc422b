from .typeddict import Dict as Dict
from .typedlist import List as List
