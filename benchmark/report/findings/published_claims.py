"""The claims of papers that a study's rows can test; a study without these labels leaves them out."""

from __future__ import annotations

from benchmark.report.findings.paper_claims import Claim
from benchmark.report.findings.use_claims import UseClaim

RUDAKOV = "Rudakov et al., 2023, arXiv 2401.07788"
SMALL = "a small model and a short budget; the papers train larger models for longer"

CLAIMS: tuple[Claim | UseClaim, ...] = (
    Claim(
        paper="Xu et al., 2025, arXiv 2505.22608",
        says="The gates prune a speech foundation model without a significant increase of the WER.",
        label="self_pinching",
        rival="dense",
        expected="no worse",
        limits=SMALL,
    ),
    Claim(
        paper="Xu et al., 2025, arXiv 2505.22608",
        says="The gates have a lower WER than uniform magnitude pruning at the same size.",
        label="self_pinching",
        rival="uniform_magnitude",
        expected="better",
        limits=SMALL,
    ),
    Claim(
        paper="Wang et al., 2025, arXiv 2502.10216",
        says="Folding similar neurons loses less than other data-free structured pruning.",
        label="model_folding",
        rival="prunenet",
        expected="better",
        limits="the only rival without data here is PruneNet",
    ),
    Claim(
        paper="Genzel et al., 2025, arXiv 2502.01717",
        says="A ranking of singular directions from one descent gives any size, and beats other factorisations.",
        label="acip",
        rival="low_rank_fine_tuned",
        expected="better",
        limits="all sizes share one budget of training; the rival has one per size",
    ),
    Claim(
        paper="Sengupta et al., 2025, arXiv 2501.15296",
        says="A policy learnt from the spectra alone chooses the rows to keep, without calibration data.",
        label="prunenet",
        rival="prunenet_random",
        expected="better",
        limits="shows only that the policy chooses better than chance",
    ),
    Claim(
        paper="Smith et al., 2025, arXiv 2501.14713",
        says="Pruned blocks that share weights and keep a low-rank difference beat dropped blocks.",
        label="flexigpt",
        rival="shallow",
        expected="better",
        limits="compared at equal size, where the dropped blocks are fewer",
    ),
    Claim(
        paper="Nova et al., 2023, arXiv 2303.04185",
        says="Neurons can be pruned without gradients or labels: 40 % of the operations at under 4 % loss of accuracy.",
        label="kcm",
        rival="dense",
        expected="no worse",
        limits="a stricter question than the paper's: no significant increase",
    ),
    Claim(
        paper="Kwon et al., 2022, arXiv 2204.09656",
        says="Heads and neurons can be pruned without retraining: half of the operations at under 1 % loss of "
        "accuracy.",
        label="kwon",
        rival="dense",
        expected="no worse",
        limits="a stricter question than the paper's: no significant increase",
    ),
    Claim(
        paper="Peste et al., 2023, arXiv 2207.14200",
        says="A dense model trained with CrAM survives one-shot pruning.",
        label="cram",
        rival="sam_adamw_at_once",
        expected="better",
        limits="the rival trains with AdamW on the same budget and is pruned once too",
    ),
    Claim(
        paper="Na et al., 2022, arXiv 2205.12694",
        says="Flat minima compress better: SAM before pruning loses less than AdamW.",
        label="sam",
        rival="sam_adamw",
        expected="better",
        limits="SAM takes half of AdamW's steps on the same budget, and its minima need not be flatter then: the "
        "records have `sharpness_after`",
    ),
    Claim(
        paper="Fan et al., 2021, arXiv 2004.07320",
        says="Training with quantisation noise makes iterative product quantisation lose less.",
        label="ipq_noise",
        rival="ipq",
        expected="better",
        limits=SMALL,
    ),
    Claim(
        paper=RUDAKOV,
        says="Gradients need milder compression than activations.",
        label="boundary_compression",
        rival="boundary_compression_int4_gradients",
        expected="better",
        limits="4 bits in one direction and 8 in the other; used without compression",
    ),
    Claim(
        paper=RUDAKOV,
        says="Error feedback lets a model trained with TopK be used without compression.",
        label="boundary_compression_topk_ef",
        rival="boundary_compression_topk",
        expected="better",
        limits="feedback of the gradients only, as in the authors' notebooks; shows that it helps, not that almost "
        "nothing is lost",
    ),
    UseClaim(
        paper=RUDAKOV,
        says="A model trained with TopK works well only where TopK compresses it when it is used, too.",
        label="boundary_compression_topk",
        evaluation="boundary",
        lower="compressed_wer",
        higher="plain_wer",
        limits="one model, used in two ways; p not corrected",
    ),
)
