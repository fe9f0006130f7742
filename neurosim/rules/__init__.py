"""Plasticity rules: one small file each, equations as data."""

from neurosim.model.registries import rules as registry
from neurosim.rules.activity_covariance import ActivityCovariance
from neurosim.rules.bcm import BCM
from neurosim.rules.benna_fusi import BennaFusi, benna_fusi
from neurosim.rules.bias_adaptation import BiasAdaptation
from neurosim.rules.clopath_stdp import ClopathSTDP, HomeostaticClopathSTDP
from neurosim.rules.coincident_stdp import CoincidentSTDP
from neurosim.rules.covariance import Covariance
from neurosim.rules.covariance_post import CovariancePost
from neurosim.rules.covariance_pre import CovariancePre
from neurosim.rules.deep_r import DeepR
from neurosim.rules.e_prop import EProp, EPropAdaptive
from neurosim.rules.efficient_gain import EfficientGain
from neurosim.rules.foldiak_decorrelator import FoldiakDecorrelator
from neurosim.rules.foldiak_forward import FoldiakForward
from neurosim.rules.foldiak_lateral import FoldiakLateral
from neurosim.rules.foldiak_threshold import FoldiakThreshold
from neurosim.rules.fusi_cascade import FusiCascade
from neurosim.rules.gain_adaptation import GainAdaptation
from neurosim.rules.gain_whitening import GainWhitening
from neurosim.rules.granet import GraNet
from neurosim.rules.hebb import Hebb
from neurosim.rules.homeostatic_gain import HomeostaticGain
from neurosim.rules.homeostatic_rewiring import HomeostaticRewiring
from neurosim.rules.intrinsic_plasticity import IntrinsicPlasticity
from neurosim.rules.intrinsic_plasticity_tanh import IntrinsicPlasticityTanh
from neurosim.rules.law_cooper import LawCooper
from neurosim.rules.linear_elements import LinearElements
from neurosim.rules.metaplastic_binary import MetaplasticBinary
from neurosim.rules.multiplicative_stdp import MultiplicativeSTDP
from neurosim.rules.nearest_stdp import NearestSTDP
from neurosim.rules.nearest_triplet_stdp import NearestTripletSTDP
from neurosim.rules.nonnegative_gain_whitening import NonnegativeGainWhitening
from neurosim.rules.oja import Oja
from neurosim.rules.oja_subspace import OjaSubspace
from neurosim.rules.outgoing_normalisation_l2 import OutgoingNormalisationL2
from neurosim.rules.pair_stdp import PairSTDP
from neurosim.rules.power_law_stdp import PowerLawSTDP
from neurosim.rules.reward_stdp import RewardSTDP
from neurosim.rules.rigl import RigL
from neurosim.rules.sanger import Sanger
from neurosim.rules.set import SET
from neurosim.rules.soft_anti_hebb import SoftAntiHebb
from neurosim.rules.soft_hebb import SoftHebb
from neurosim.rules.subtractive_normalisation import SubtractiveNormalisation
from neurosim.rules.success_stdp import SuccessSTDP
from neurosim.rules.synaptic_elements import SynapticElements
from neurosim.rules.synaptic_scaling import SynapticScaling
from neurosim.rules.threshold_adaptation import ThresholdAdaptation
from neurosim.rules.triplet_stdp import TripletSTDP
from neurosim.rules.tsodyks_markram import TsodyksMarkram
from neurosim.rules.vogels_inhibitory import VogelsInhibitory
from neurosim.rules.weight_normalisation import WeightNormalisation
from neurosim.rules.weight_normalisation_l2 import WeightNormalisationL2
from neurosim.rules.whitening_backward import WhiteningBackward
from neurosim.rules.whitening_forward import WhiteningForward

__all__ = [
    "BCM",
    "SET",
    "ActivityCovariance",
    "BennaFusi",
    "BiasAdaptation",
    "ClopathSTDP",
    "CoincidentSTDP",
    "Covariance",
    "CovariancePost",
    "CovariancePre",
    "DeepR",
    "EProp",
    "EPropAdaptive",
    "EfficientGain",
    "FoldiakDecorrelator",
    "FoldiakForward",
    "FoldiakLateral",
    "FoldiakThreshold",
    "FusiCascade",
    "GainAdaptation",
    "GainWhitening",
    "GraNet",
    "Hebb",
    "HomeostaticClopathSTDP",
    "HomeostaticGain",
    "HomeostaticRewiring",
    "IntrinsicPlasticity",
    "IntrinsicPlasticityTanh",
    "LawCooper",
    "LinearElements",
    "MetaplasticBinary",
    "MultiplicativeSTDP",
    "NearestSTDP",
    "NearestTripletSTDP",
    "NonnegativeGainWhitening",
    "Oja",
    "OjaSubspace",
    "OutgoingNormalisationL2",
    "PairSTDP",
    "PowerLawSTDP",
    "RewardSTDP",
    "RigL",
    "Sanger",
    "SoftAntiHebb",
    "SoftHebb",
    "SubtractiveNormalisation",
    "SuccessSTDP",
    "SynapticElements",
    "SynapticScaling",
    "ThresholdAdaptation",
    "TripletSTDP",
    "TsodyksMarkram",
    "VogelsInhibitory",
    "WeightNormalisation",
    "WeightNormalisationL2",
    "WhiteningBackward",
    "WhiteningForward",
    "benna_fusi",
    "registry",
]
