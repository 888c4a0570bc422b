from .models import CompositeModel as CompositeModel
from .models import PrimitiveModel as PrimitiveModel
from .models import StructModel as StructModel
from .registry import default_manager as default_manager
from .registry import register as register
from .registry import register_default as register_default
