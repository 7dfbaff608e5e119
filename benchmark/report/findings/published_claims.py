"""The claims of papers that a study's rows can test; a study without these labels leaves them out."""

from __future__ import annotations

from benchmark.report.findings.paper_claims import Claim
from benchmark.report.findings.use_claims import UseClaim

RUDAKOV = "Rudakov et al., 2023, arXiv 2401.07788"
SMALL = "a small model and a short budget; the papers train larger models for longer"

CLAIMS: tuple[Claim | UseClaim, ...] = (
    Claim(
        "Xu et al., 2025, arXiv 2505.22608",
        "The gates prune a speech foundation model without a significant increase of the WER.",
        "self_pinching",
        "dense",
        "no worse",
        SMALL,
    ),
    Claim(
        "Xu et al., 2025, arXiv 2505.22608",
        "The gates have a lower WER than uniform magnitude pruning at the same size.",
        "self_pinching",
        "uniform_magnitude",
        "better",
        SMALL,
    ),
    Claim(
        "Wang et al., 2025, arXiv 2502.10216",
        "Folding similar neurons loses less than other data-free structured pruning.",
        "model_folding",
        "prunenet",
        "better",
        "the only rival without data here is PruneNet",
    ),
    Claim(
        "Genzel et al., 2025, arXiv 2502.01717",
        "A ranking of singular directions from one descent gives any size, and beats other factorisations.",
        "acip",
        "low_rank_fine_tuned",
        "better",
        "all sizes share one budget of training; the rival has one per size",
    ),
    Claim(
        "Sengupta et al., 2025, arXiv 2501.15296",
        "A policy learnt from the spectra alone chooses the rows to keep, without calibration data.",
        "prunenet",
        "prunenet_random",
        "better",
        "shows only that the policy chooses better than chance",
    ),
    Claim(
        "Smith et al., 2025, arXiv 2501.14713",
        "Pruned blocks that share weights and keep a low-rank difference beat dropped blocks.",
        "flexigpt",
        "shallow",
        "better",
        "compared at equal size, where the dropped blocks are fewer",
    ),
    Claim(
        "Nova et al., 2023, arXiv 2303.04185",
        "Neurons can be pruned without gradients or labels: 40 % of the operations at under 4 % loss of accuracy.",
        "kcm",
        "dense",
        "no worse",
        "a stricter question than the paper's: no significant increase",
    ),
    Claim(
        "Kwon et al., 2022, arXiv 2204.09656",
        "Heads and neurons can be pruned without retraining: half of the operations at under 1 % loss of accuracy.",
        "kwon",
        "dense",
        "no worse",
        "a stricter question than the paper's: no significant increase",
    ),
    Claim(
        "Peste et al., 2023, arXiv 2207.14200",
        "A dense model trained with CrAM survives one-shot pruning.",
        "cram",
        "sam_adamw_at_once",
        "better",
        "the rival trains with AdamW on the same budget and is pruned once too",
    ),
    Claim(
        "Na et al., 2022, arXiv 2205.12694",
        "Flat minima compress better: SAM before pruning loses less than AdamW.",
        "sam",
        "sam_adamw",
        "better",
        "SAM takes half of AdamW's steps on the same budget",
    ),
    Claim(
        "Fan et al., 2021, arXiv 2004.07320",
        "Training with quantisation noise makes iterative product quantisation lose less.",
        "ipq_noise",
        "ipq",
        "better",
        SMALL,
    ),
    Claim(
        RUDAKOV,
        "Gradients need milder compression than activations.",
        "boundary_compression",
        "boundary_compression_int4_gradients",
        "better",
        "4 bits in one direction and 8 in the other; used without compression",
    ),
    Claim(
        RUDAKOV,
        "Error feedback lets a model trained with TopK be used without compression.",
        "boundary_compression_topk_ef",
        "boundary_compression_topk",
        "better",
        "shows that feedback helps, not that almost nothing is lost",
    ),
    UseClaim(
        RUDAKOV,
        "A model trained with TopK works well only where TopK compresses it when it is used, too.",
        "boundary_compression_topk",
        "boundary",
        "compressed_wer",
        "plain_wer",
        "one model, used in two ways; p not corrected",
    ),
)
