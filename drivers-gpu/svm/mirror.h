/* SPDX-License-Identifier: GPL-2.0 */
/* What the mirror core asks of this driver. */
#ifndef MIRAGE_SVM_H
#define MIRAGE_SVM_H

struct hmm_mirror_ops;

extern const struct hmm_mirror_ops mirage_svm_ops;

#endif /* MIRAGE_SVM_H */
