"""Numba's types. Containers and the odd ones are in this folder, the others have their own in Numba."""

import numpy as np
from numba.np.types.datetime import NPDatetime as NPDatetime
from numba.np.types.datetime import NPTimedelta as NPTimedelta

from .abstract import ArrayCompatible as ArrayCompatible
from .abstract import Callable as Callable
from .abstract import ConstSized as ConstSized
from .abstract import Container as Container
from .abstract import DTypeSpec as DTypeSpec
from .abstract import Dummy as Dummy
from .abstract import Hashable as Hashable
from .abstract import InitialValue as InitialValue
from .abstract import IterableType as IterableType
from .abstract import IteratorType as IteratorType
from .abstract import Literal as Literal
from .abstract import MutableSequence as MutableSequence
from .abstract import Number as Number
from .abstract import Poison as Poison
from .abstract import Sequence as Sequence
from .abstract import Sized as Sized
from .abstract import Type as Type
from .abstract import TypeRef as TypeRef
from .common import Buffer as Buffer
from .common import Opaque as Opaque
from .common import SimpleIterableType as SimpleIterableType
from .common import SimpleIteratorType as SimpleIteratorType
from .containers import BaseAnonymousTuple as BaseAnonymousTuple
from .containers import BaseContainerIterator as BaseContainerIterator
from .containers import BaseContainerPayload as BaseContainerPayload
from .containers import BaseNamedTuple as BaseNamedTuple
from .containers import BaseTuple as BaseTuple
from .containers import ByteArray as ByteArray
from .containers import Bytes as Bytes
from .containers import DictItemsIterableType as DictItemsIterableType
from .containers import DictIteratorType as DictIteratorType
from .containers import DictKeysIterableType as DictKeysIterableType
from .containers import DictType as DictType
from .containers import DictValuesIterableType as DictValuesIterableType
from .containers import List as List
from .containers import ListIter as ListIter
from .containers import ListPayload as ListPayload
from .containers import ListType as ListType
from .containers import ListTypeIterableType as ListTypeIterableType
from .containers import ListTypeIteratorType as ListTypeIteratorType
from .containers import LiteralList as LiteralList
from .containers import LiteralStrKeyDict as LiteralStrKeyDict
from .containers import MemoryView as MemoryView
from .containers import NamedTuple as NamedTuple
from .containers import NamedUniTuple as NamedUniTuple
from .containers import Pair as Pair
from .containers import PyArray as PyArray
from .containers import Set as Set
from .containers import SetEntry as SetEntry
from .containers import SetIter as SetIter
from .containers import SetIterableType as SetIterableType
from .containers import SetIteratorType as SetIteratorType
from .containers import SetPayload as SetPayload
from .containers import SetType as SetType
from .containers import StarArgTuple as StarArgTuple
from .containers import StarArgUniTuple as StarArgUniTuple
from .containers import StructRef as StructRef
from .containers import StructRefPayload as StructRefPayload
from .containers import Tuple as Tuple
from .containers import UnionType as UnionType
from .containers import UniTuple as UniTuple
from .containers import UniTupleIter as UniTupleIter
from .containers import is_homogeneous as is_homogeneous
from .function_type import FunctionPrototype as FunctionPrototype
from .function_type import FunctionType as FunctionType
from .function_type import UndefinedFunctionType as UndefinedFunctionType
from .functions import BaseFunction as BaseFunction
from .functions import BoundFunction as BoundFunction
from .functions import Dispatcher as Dispatcher
from .functions import ExternalFunction as ExternalFunction
from .functions import ExternalFunctionPointer as ExternalFunctionPointer
from .functions import Function as Function
from .functions import MakeFunctionLiteral as MakeFunctionLiteral
from .functions import NamedTupleClass as NamedTupleClass
from .functions import NumberClass as NumberClass
from .functions import ObjModeDispatcher as ObjModeDispatcher
from .functions import RecursiveCall as RecursiveCall
from .functions import WeakType as WeakType
from .iterators import ArrayIterator as ArrayIterator
from .iterators import EnumerateType as EnumerateType
from .iterators import Generator as Generator
from .iterators import RangeIteratorType as RangeIteratorType
from .iterators import RangeType as RangeType
from .iterators import ZipType as ZipType
from .misc import ClassDataType as ClassDataType
from .misc import ClassInstanceType as ClassInstanceType
from .misc import ClassType as ClassType
from .misc import ContextManager as ContextManager
from .misc import CPointer as CPointer
from .misc import DeferredType as DeferredType
from .misc import EllipsisType as EllipsisType
from .misc import EphemeralArray as EphemeralArray
from .misc import EphemeralPointer as EphemeralPointer
from .misc import ExceptionClass as ExceptionClass
from .misc import ExceptionInstance as ExceptionInstance
from .misc import MemInfoPointer as MemInfoPointer
from .misc import Module as Module
from .misc import NoneType as NoneType
from .misc import Object as Object
from .misc import Omitted as Omitted
from .misc import Optional as Optional
from .misc import Phantom as Phantom
from .misc import PyObject as PyObject
from .misc import RawPointer as RawPointer
from .misc import SliceLiteral as SliceLiteral
from .misc import SliceType as SliceType
from .misc import StringLiteral as StringLiteral
from .misc import Undefined as Undefined
from .misc import UndefVar as UndefVar
from .misc import UnicodeIteratorType as UnicodeIteratorType
from .misc import UnicodeType as UnicodeType
from .misc import VarArg as VarArg
from .misc import literal as literal
from .misc import maybe_literal as maybe_literal
from .misc import unliteral as unliteral
from .npytypes import Array as Array
from .npytypes import ArrayCTypes as ArrayCTypes
from .npytypes import ArrayFlags as ArrayFlags
from .npytypes import CharSeq as CharSeq
from .npytypes import DType as DType
from .npytypes import NestedArray as NestedArray
from .npytypes import NumpyFlatType as NumpyFlatType
from .npytypes import NumpyNdEnumerateType as NumpyNdEnumerateType
from .npytypes import NumpyNdIndexType as NumpyNdIndexType
from .npytypes import NumpyNdIterType as NumpyNdIterType
from .npytypes import NumPyRandomBitGeneratorType as NumPyRandomBitGeneratorType
from .npytypes import NumPyRandomGeneratorType as NumPyRandomGeneratorType
from .npytypes import PolynomialType as PolynomialType
from .npytypes import Record as Record
from .npytypes import UnicodeCharSeq as UnicodeCharSeq
from .scalars import Boolean as Boolean
from .scalars import BooleanLiteral as BooleanLiteral
from .scalars import Complex as Complex
from .scalars import EnumClass as EnumClass
from .scalars import EnumMember as EnumMember
from .scalars import Float as Float
from .scalars import Integer as Integer
from .scalars import IntegerLiteral as IntegerLiteral
from .scalars import IntEnumClass as IntEnumClass
from .scalars import IntEnumMember as IntEnumMember

pyobject: PyObject
ffi_forced_object: Opaque
ffi: Opaque
none: NoneType
ellipsis: EllipsisType
Any: Phantom
undefined: Undefined
py2_string_type: Opaque
unicode_type: UnicodeType
string: UnicodeType
unknown: Dummy
npy_rng: NumPyRandomGeneratorType
npy_bitgen: NumPyRandomBitGeneratorType
code_type: Opaque
pyfunc_type: Opaque
voidptr: RawPointer
optional = Optional
deferred_type = DeferredType
slice2_type: SliceType
slice3_type: SliceType
void: NoneType
boolean: Boolean
bool_: Boolean
bool: Boolean
byte: Integer[np.uint8]
uint8: Integer[np.uint8]
uint16: Integer[np.uint16]
uint32: Integer[np.uint32]
uint64: Integer[np.uint64]
int8: Integer[np.int8]
int16: Integer[np.int16]
int32: Integer[np.int32]
int64: Integer[np.int64]
intp: Integer[np.intp]
uintp: Integer[np.uintp]
intc: Integer[np.intc]
uintc: Integer[np.uintc]
ssize_t: Integer[np.intp]
size_t: Integer[np.uintp]
float32: Float[np.float32]
float64: Float[np.float64]
float16: Float[np.float16]
complex64: Complex[np.complex64, np.float32]
complex128: Complex[np.complex128, np.float64]
range_iter32_type: RangeIteratorType
range_iter64_type: RangeIteratorType
unsigned_range_iter64_type: RangeIteratorType
range_state32_type: RangeType
range_state64_type: RangeType
unsigned_range_state64_type: RangeType
signed_domain: frozenset[Integer]
unsigned_domain: frozenset[Integer]
integer_domain: frozenset[Integer]
real_domain: frozenset[Float]
complex_domain: frozenset[Complex]
number_domain: frozenset[Number]
b1: Boolean
i1: Integer[np.int8]
i2: Integer[np.int16]
i4: Integer[np.int32]
i8: Integer[np.int64]
u1: Integer[np.uint8]
u2: Integer[np.uint16]
u4: Integer[np.uint32]
u8: Integer[np.uint64]
f2: Float[np.float16]
f4: Float[np.float32]
f8: Float[np.float64]
c8: Complex[np.complex64, np.float32]
c16: Complex[np.complex128, np.float64]
double: Float[np.float64]
char: Integer[np.int8]
uchar: Integer[np.uint8]
short: Integer[np.int16]
ushort: Integer[np.uint16]
int_: Integer[np.int_]
uint: Integer[np.uint]
long_: Integer  # 32 or 64 bits, as in C
ulong: Integer
longlong: Integer[np.int64]
ulonglong: Integer[np.uint64]
