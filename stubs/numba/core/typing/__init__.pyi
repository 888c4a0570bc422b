from .context import BaseContext as BaseContext
from .context import Context as Context
from .templates import Signature as Signature
from .templates import fold_arguments as fold_arguments
from .templates import make_concrete_template as make_concrete_template
from .templates import signature as signature
