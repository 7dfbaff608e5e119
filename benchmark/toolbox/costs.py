"""Multiply-accumulates of work other than passes through a model, for `Job.charge`.

Counts are half of the floating-point operations of the dense textbook algorithms (Golub and Van Loan, *Matrix
Computations*, 4th edition), whatever library and device do the work.
"""

from __future__ import annotations


def matrix_product(rows: int, inner: int, columns: int) -> float:
    """Product of a (rows x inner) and an (inner x columns) matrix."""
    return float(rows * inner * columns)


def singular_value_decomposition(rows: int, columns: int) -> float:
    """Thin U, S and V of a (rows x columns) matrix: 6 m n^2 + 20 n^3 operations for m >= n (section 8.6, R-SVD)."""
    longer, shorter = max(rows, columns), min(rows, columns)
    return 3.0 * longer * shorter**2 + 10.0 * shorter**3


def singular_values(rows: int, columns: int) -> float:
    """Only the singular values of a (rows x columns) matrix: 2 m n^2 + 2 n^3 operations for m >= n (section 8.6)."""
    longer, shorter = max(rows, columns), min(rows, columns)
    return float(longer * shorter**2 + shorter**3)


def cholesky(size: int) -> float:
    """Cholesky factor of a (size x size) matrix: n^3 / 3 operations (section 4.2)."""
    return size**3 / 6


def symmetric_inverse(size: int) -> float:
    """Inverse of a (size x size) positive definite matrix by its Cholesky factor: n^3 operations in all."""
    return size**3 / 2


def nearest_centroids(points: int, centroids: int, width: int) -> float:
    """One round of k-means: the distance from each of the points (points x width) to each of the centroids."""
    return float(points * centroids * width)
